"""From comparisons on probes to a check: passed, failed, or not run with the reason."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..inputs.nested import flatten
from ..results import Check
from .compare import Comparison, Unlike, compare


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the eager model gave for one probe.

    ``problem`` says why the probe cannot be compared (the model is random, or fails on it); it is None otherwise.
    """

    description: str
    output: Any = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The condition that a comparison must meet."""

    text: str
    admits: Callable[[Comparison], bool]


def relative_gate(tolerance: float) -> Gate:
    """Return the gate ``largest error ≤ tolerance × largest value``."""
    return Gate(text=f"relative error <= {tolerance:g}", admits=lambda found: found.relative <= tolerance)


def psnr_gate(decibels: float) -> Gate:
    """Return the gate on the peak signal-to-noise ratio."""
    return Gate(text=f"PSNR >= {decibels:g} dB", admits=lambda found: found.psnr_db >= decibels)


def not_run(name: str, reason: str) -> Check:
    """Return a check that could not run, and says why."""
    return Check(name=name, status="not run", reason=reason)


def verdict(name: str, expected: Sequence[Expected], actual: Sequence[Any], gate: Gate) -> Check:
    """Compare probe by probe.

    ``actual`` holds, for each probe, the nested output or the exception that came instead. Probes that eager itself
    cannot answer are left out; if none is left, the check is not run.
    """
    worst: Comparison | None = None
    worst_probe = ""
    compared = 0
    for probe, got in zip(expected, actual, strict=True):
        if probe.problem is not None:
            continue
        compared += 1
        if isinstance(got, Exception):
            return _failed(name, compared, gate, f"with {probe.description} it fails: {first_line(got)}", worst)
        try:
            found = compare(got, probe.output)
        except Unlike as unlike:
            return _failed(name, compared, gate, f"with {probe.description}: {unlike}", worst)
        if worst is None or found.worse(worst) is found:
            worst, worst_probe = found, probe.description
    if worst is None:
        return not_run(name, next((probe.problem for probe in expected if probe.problem), "there was no probe"))
    if not any(flatten(probe.output) for probe in expected if probe.problem is None):
        return not_run(name, "the model returns no tensor, so there is nothing to compare")
    left_out = [probe.problem for probe in expected if probe.problem is not None]
    return _check(name, compared, gate, worst, worst_probe, left_out)


def _check(name: str, probes: int, gate: Gate, worst: Comparison, worst_probe: str, left_out: Sequence[str]) -> Check:
    is_good = gate.admits(worst)
    note = f"{len(left_out)} more could not be compared: {left_out[0]}" if left_out else None
    return Check(
        name=name,
        status="passed" if is_good else "failed",
        reason=note if is_good else f"with {worst_probe}, {worst.output} is off by up to {worst.absolute:.3g}",
        probes=probes,
        max_absolute_error=_number(worst.absolute),
        max_relative_error=_number(worst.relative),
        psnr_db=_number(worst.psnr_db),
        threshold=gate.text,
        output=worst.output,
    )


def _failed(name: str, probes: int, gate: Gate, reason: str, worst: Comparison | None) -> Check:
    return Check(
        name=name,
        status="failed",
        reason=reason,
        probes=probes,
        max_absolute_error=None if worst is None else _number(worst.absolute),
        max_relative_error=None if worst is None else _number(worst.relative),
        psnr_db=None if worst is None else _number(worst.psnr_db),
        threshold=gate.text,
    )


def first_line(error: BaseException) -> str:
    """Return the most telling line of an exception: the last one, where TorchScript puts its reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _number(value: float) -> float | None:
    """JSON has no infinity: equal sides have an infinite PSNR, which is given as None."""
    return value if math.isfinite(value) else None
