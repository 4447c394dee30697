"""From comparisons on probes to a check: passed, failed, or not run with the reason."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..results import Check
from .compare import Comparison, Unlike, compare_all


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the eager model gave for one probe.

    ``problem`` says why the probe cannot be compared (the model is random, or fails on it); it is None otherwise.
    """

    description: str
    output: Any = None
    problem: str | None = None
    is_random: bool = False
    """Whether that is so of every probe, since the model draws random numbers."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The condition that a comparison must meet."""

    text: str
    excess: Callable[[Comparison, int], float]
    """Error of one output on the probe of this index, as a share of what is allowed: up to 1 is admitted."""
    allowed: Callable[[Comparison, int], tuple[float | None, float | None]]
    """What an output with that error may have: relative error and noise; None where the measure is not judged."""
    text_of: Callable[[Comparison, int], str] | None = None
    """The condition for one output and probe, where it differs from one to the next."""

    def stated(self, found: Comparison, probe: int) -> str:
        return self.text if self.text_of is None else self.text_of(found, probe)


def relative_gate(tolerance: float) -> Gate:
    """Return the gate ``largest error ≤ tolerance × largest value``."""
    return Gate(
        text=f"relative error <= {tolerance:g}",
        excess=lambda found, probe: share(found.relative, tolerance),
        allowed=lambda found, probe: (tolerance, None),
    )


def psnr_gate(decibels: float) -> Gate:
    """Return the gate on the peak signal-to-noise ratio."""
    noise = 10 ** (-decibels / 20)
    return Gate(
        text=f"PSNR >= {decibels:g} dB",
        excess=lambda found, probe: share(found.noise, noise),
        allowed=lambda found, probe: (None, noise),
    )


def share(error: float, allowed: float) -> float:
    return error / allowed if allowed else (0.0 if error == 0 else math.inf)


def not_run(name: str, reason: str) -> Check:
    """Return a check that could not run, and says why."""
    return Check(name=name, status="not run", reason=reason)


def verdict(
    name: str,
    expected: Sequence[Expected],
    actual: Sequence[Any],
    gate: Gate,
    scales: Mapping[str, float] | None = None,
) -> Check:
    """Compare probe by probe.

    ``actual`` holds, for each probe, the nested output or the exception that came instead. Probes that eager itself
    cannot answer are left out; if none is left, the check is not run. ``scales`` is as for ``compare_all``.
    """
    worst: _Worst | None = None
    compared = 0
    for index, (probe, got) in enumerate(zip(expected, actual, strict=True)):
        if probe.problem is not None:
            continue
        compared += 1
        if isinstance(got, Exception):
            return _failed(name, compared, gate, probe, f"it fails: {first_line(got)}", worst)
        try:
            rows = compare_all(got, probe.output, scales)
        except Unlike as unlike:
            return _failed(name, compared, gate, probe, str(unlike), worst)
        for found in rows:
            # Equal outputs all have the excess 0; the relative error then tells nothing either.
            candidate = _Worst(found, index, probe.description, gate.excess(found, index))
            if worst is None or (candidate.excess, found.relative) > (worst.excess, worst.found.relative):
                worst = candidate
    if compared == 0:
        return not_run(name, next((probe.problem for probe in expected if probe.problem), "there was no probe"))
    if worst is None:
        return not_run(name, "the model returns no tensor, so there is nothing to compare")
    left_out = [probe.problem for probe in expected if probe.problem is not None]
    return _check(name, compared, gate, worst, left_out)


def is_admitted(actual: Any, expected: Expected, probe: int, gate: Gate, scales: Mapping[str, float]) -> bool:
    """Whether the outputs of one probe meet the gate."""
    try:
        rows = compare_all(actual, expected.output, scales)
    except Unlike:
        return False
    return all(gate.excess(row, probe) <= 1 for row in rows)


@dataclass(frozen=True)
class _Worst:
    found: Comparison
    probe: int
    description: str
    excess: float


def _check(name: str, probes: int, gate: Gate, worst: _Worst, left_out: Sequence[str]) -> Check:
    found = worst.found
    is_good = worst.excess <= 1
    note = f"{len(left_out)} more could not be compared: {left_out[0]}" if left_out else None
    return Check(
        name=name,
        status="passed" if is_good else "failed",
        reason=note if is_good else f"with {worst.description}, {_amount(found)}",
        probes=probes,
        max_absolute_error=_number(found.absolute),
        max_relative_error=_number(found.relative),
        psnr_db=_number(found.psnr_db),
        threshold=gate.stated(found, worst.probe),
        output=found.output,
        probe=worst.description,
    )


def _amount(found: Comparison) -> str:
    if found.differing is not None:
        return f"{found.output} differs in {found.differing} places"
    if not math.isfinite(found.absolute):
        return f"{found.output} is infinite where the model gives a number, or the other way round"
    return f"{found.output} is off by up to {found.absolute:.3g}"


def _failed(name: str, probes: int, gate: Gate, probe: Expected, reason: str, worst: _Worst | None) -> Check:
    found = None if worst is None else worst.found
    return Check(
        name=name,
        status="failed",
        reason=f"with {probe.description}: {reason}",
        probes=probes,
        max_absolute_error=None if found is None else _number(found.absolute),
        max_relative_error=None if found is None else _number(found.relative),
        psnr_db=None if found is None else _number(found.psnr_db),
        threshold=gate.text,
        probe=probe.description,
    )


def first_line(error: BaseException) -> str:
    """Return the most telling line of an exception: the last one, where TorchScript puts its reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _number(value: float) -> float | None:
    """JSON has no infinity: equal sides have an infinite PSNR, which is given as None."""
    return value if math.isfinite(value) else None
