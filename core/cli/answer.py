"""How a command answers: one JSON object, or text for people; never both on standard output."""

import json
import sys
from typing import Any

import msgspec

from ..diagnostics import Diagnostic
from ..errors import WRONG_CALL, Failure
from ..results import Check


def answer_json(content: Any) -> None:
    """Print one JSON object on standard output, and nothing else."""
    sys.stdout.write(json.dumps(_finite(msgspec.to_builtins(content)), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def answer_failure(failure: Failure, *, is_json: bool, shows_details: bool = False) -> int:
    """Tell a failure, as JSON on standard output or in words on standard error; return its exit code."""
    if is_json:
        answer_json({"error": failure.as_json()})
        return failure.exit_code
    say(f"exportdesk: {failure.message}")
    if failure.location:
        say(f"  at {failure.location}")
    if failure.hint:
        say(f"  {failure.hint}")
    if failure.details and shows_details:
        say(failure.details)
    elif failure.details and failure.exit_code != WRONG_CALL:
        say("  (--details shows the full text of torch, coremltools or Python)")
    return failure.exit_code


def say(text: str) -> None:
    """Print a line for people on standard error."""
    print(text, file=sys.stderr, flush=True)


def check_line(check: Check) -> str:
    """Return one check in a line: ``passed   torchscript   relative error 3.1e-07 (8 probes)``."""
    parts = []
    if check.max_relative_error:
        parts.append(f"relative error {check.max_relative_error:.2g}")
    if check.psnr_db is not None:
        parts.append(f"{check.psnr_db:.0f} dB")
    elif check.status == "passed" and check.max_relative_error == 0:
        parts.append("equal to the last bit")
    if check.probes:
        parts.append(f"{check.probes} probes")
    if check.reason:
        parts.append(check.reason)
    return f"  {check.status:<8} {check.name:<18} {', '.join(parts)}"


def diagnostic_lines(diagnostic: Diagnostic) -> list[str]:
    """Return a diagnostic as lines, its place first."""
    place = f"{diagnostic.file}:{diagnostic.line}" if diagnostic.file and diagnostic.line else diagnostic.file
    module = "the model" if diagnostic.module == "" else diagnostic.module
    where = " · ".join(part for part in (place, module) if part)
    lines = [f"  {diagnostic.severity.value}: {diagnostic.message} [{diagnostic.code}]"]
    if where:
        lines.append(f"    {where}")
    if diagnostic.source:
        lines.append(f"    > {diagnostic.source}")
    if diagnostic.hint:
        lines.append(f"    {diagnostic.hint}")
    return lines


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity; a standard reader must be able to read what we print."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return value
