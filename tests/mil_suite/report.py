"""What came out of a run of coremltools' tests, as a table with an explanation of each failure."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

LAST_PLACE = "right to the last place"


class Outcome(NamedTuple):
    test: str
    """Class and function, without parameters."""
    outcome: str
    """passed, LAST_PLACE, failed, skipped or lacks digits."""
    reason: str = ""


EXPLANATIONS: dict[str, str] = {
    "iOS17/test_scatter_gather.py": "wants a wrong number for an unchecked index out of range; MIL leaves the result open, "
    "and reference execution makes it an error",
    "iOS17/test_recurrent.py::TestRNN": "one number, small by cancellation: weights and inputs are halves, and it is off by "
    "0.0015",
    "iOS14/test_tensor_transformation.py::TestSliceByIndex::test_slice_by_index": "predicts with a neural network, which is "
    "no ML program",
    "iOS15/test_image_resizing.py::TestResample": "counts the casts of the converted program, and runs nothing",
    "iOS15/test_image_resizing.py::TestCropResize": "a box that ends before it starts; the documentation says nothing of it",
}
"""Start of a test's name to why its failures are not ours; what matches none is unexplained."""


def counts(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(item.outcome for item in outcomes)


def rate(outcomes: list[Outcome]) -> float:
    """Return the share of passed tests among those that ran; one that lacks digits counts as failed."""
    number = counts(outcomes)
    passed = number["passed"] + number[LAST_PLACE]
    ran = passed + number["failed"] + number["lacks digits"]
    return passed / ran if ran else 0.0


def report_text(outcomes: list[Outcome], chosen: str, version: str) -> str:
    """Return the page ``docs/mil-suite.md``.

    Args:
        chosen: which of the tests were run, in words.
    """
    number = counts(outcomes)
    ran = sum(number.values()) - number["skipped"]
    lines = [
        "# coremltools' own operation tests, run by the reference executor",
        "",
        "Made by `make mil-suite`; do not edit.",
        "",
        f"coremltools {version}, its tests of MIL operations for ML programs, {chosen}:",
        f"{ran} ran, {number['skipped']} were skipped by the tests themselves (xfail and skip marks, other systems).",
        "",
        "| outcome | tests | |",
        "|---|---|---|",
        f"| passed | {number['passed']} | by coremltools' own comparison |",
        f"| {LAST_PLACE} | {number[LAST_PLACE]} | half precision; the tolerance is below its last place above 0.1 |",
        f"| lacks digits | {number['lacks digits']} | off by less than 2**-8 of the largest number, since inputs and weights "
        "are halves; counted as failed |",
        f"| failed | {number['failed']} | each is in the table below |",
        "",
        f"{100 * rate(outcomes):.1f} % pass.",
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
    lacking = Counter(item.test for item in outcomes if item.outcome == "lacks digits")
    if lacking:
        lines += ["", "| test | lacks digits |", "|---|---|"]
        lines += [f"| `{test}` | {count} |" for test, count in lacking.most_common()]
    return "\n".join(lines) + "\n"


def write_report(path: Path, outcomes: list[Outcome], chosen: str, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_text(outcomes, chosen, version), encoding="utf-8")
