"""What came out of a run of coremltools' tests, as a table with an explanation of each failure."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple


class Outcome(NamedTuple):
    test: str
    """Class and function, without parameters."""
    outcome: str
    """passed, failed, skipped or lacks digits."""
    reason: str = ""


EXPLANATIONS: dict[str, str] = {
    "iOS17/test_scatter_gather.py": "wants a wrong number for an unchecked index out of range; MIL leaves the result open, "
    "and reference execution makes it an error",
    "iOS15/test_image_resizing.py::TestCropResize": "a box that ends before it starts; the documentation says nothing of it",
}
"""Start of a test's name to why its failures are not ours; what matches none is unexplained."""


def counts(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(item.outcome for item in outcomes)


def rate(outcomes: list[Outcome]) -> float:
    """Return the share of passed tests among those that ran and could pass."""
    number = counts(outcomes)
    ran = number["passed"] + number["failed"]
    return number["passed"] / ran if ran else 0.0


def report_text(outcomes: list[Outcome], sample: int, seed: int, version: str) -> str:
    """Return the page ``docs/mil-suite.md``."""
    number = counts(outcomes)
    chosen = f"a random sample of {sample} (seed {seed})" if sample else "all of them"
    lines = [
        "# coremltools' own operation tests, run by the reference executor",
        "",
        "Made by `make mil-suite`; do not edit.",
        "",
        f"coremltools {version}, its tests of MIL operations for ML programs, {chosen}:",
        f"{number['passed']} passed, {number['failed']} failed, {number['skipped']} skipped by the tests themselves,",
        f"{number['lacks digits']} that no executor can pass because half precision has fewer digits than they ask for",
        "(the plugin verifies that the difference is no larger than that).",
        f"Passed of those that can: {100 * rate(outcomes):.1f} %.",
        "",
        "| test | failed | first reason | explanation |",
        "|---|---|---|---|",
    ]
    failed = [item for item in outcomes if item.outcome == "failed"]
    for test, count in Counter(item.test for item in failed).most_common():
        reason = next(item.reason for item in failed if item.test == test).replace("|", "\\|")
        why = next((text for start, text in EXPLANATIONS.items() if test.startswith(start)), "not explained")
        lines.append(f"| `{test}` | {count} | {reason} | {why} |")
    if not failed:
        lines.append("| – | 0 | | |")
    return "\n".join(lines) + "\n"


def write_report(path: Path, outcomes: list[Outcome], sample: int, seed: int, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_text(outcomes, sample, seed, version), encoding="utf-8")
