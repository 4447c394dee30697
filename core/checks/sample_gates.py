"""The gates of an export as numbers, so that a bundle can be checked by them without the model."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from .compare import Comparison, Unlike, compare_all
from .package_runs import PackageRuns
from .verdict import Gate, share

MOST = 4
"""On so many probes that rounding does not decide gates are noted; a bundle has no more samples."""
_SLACK = 2.0
"""Gates are taken for an error this many times the one measured here: another machine rounds a little otherwise."""


class OutputGate(msgspec.Struct, frozen=True, kw_only=True):
    """How far one output may be off; a limit that is None is not set, and with none at all it must be equal."""

    max_relative_error: float | None = None
    min_psnr_db: float | None = None
    magnitude: float = 0.0
    """The least number that errors are compared with: what the output usually is."""


class SampleGate(msgspec.Struct, frozen=True, kw_only=True):
    """The gates of one sample, output by output in the order of the package."""

    outputs: tuple[OutputGate, ...] = ()
    decided_by_rounding: str | None = None
    """Why the package may rightly give something else on this sample; it is not compared then."""


def sample_gates(
    runs: PackageRuns, gate: Gate, actual: Sequence[Any], explained: Mapping[int, str]
) -> dict[int, SampleGate]:
    """Return the gates of the first probes by their index.

    Args:
        actual: what the package gave on each probe, or the exception instead.
        explained: probes on which rounding decided a branch or a choice, with the words that say so.
    """
    found: dict[int, SampleGate] = {}
    for probe in runs.answered:
        if probe in explained:
            found[probe] = SampleGate(decided_by_rounding=explained[probe])
            continue
        if sum(gate.decided_by_rounding is None for gate in found.values()) == MOST:
            continue
        try:
            rows = compare_all(actual[probe], runs.expected[probe].output, runs.scales)
        except (Unlike, TypeError):  # a failed probe has no outputs to set a gate for
            continue
        found[probe] = SampleGate(outputs=tuple(_output_gate(gate, row, probe, runs.scales) for row in rows))
    return found


def _output_gate(gate: Gate, row: Comparison, probe: int, scales: Mapping[str, float]) -> OutputGate:
    relative, noise = gate.allowed(_enlarged(row), probe)
    return OutputGate(
        max_relative_error=relative,
        min_psnr_db=None if noise is None else -20 * math.log10(noise),
        magnitude=scales.get(row.output, 0.0),
    )


def _enlarged(row: Comparison) -> Comparison:
    return Comparison(
        output=row.output,
        absolute=_SLACK * row.absolute,
        relative=_SLACK * row.relative,
        psnr_db=row.psnr_db - 20 * math.log10(_SLACK),
        differing=row.differing,
    )


def noted_gate(samples: Sequence[SampleGate], paths: Sequence[str]) -> Gate:
    """Return a gate that is met where each sample meets its own.

    Args:
        paths: names that the outputs have in a comparison, in order.
    """

    def allowed(found: Comparison, sample: int) -> tuple[float | None, float | None]:
        noted = dict(zip(paths, samples[sample].outputs, strict=False)).get(found.output)
        if noted is None:
            return None, None
        return noted.max_relative_error, None if noted.min_psnr_db is None else 10 ** (-noted.min_psnr_db / 20)

    def excess(found: Comparison, sample: int) -> float:
        relative, noise = allowed(found, sample)
        if relative is None and noise is None:
            return 0.0 if found.absolute == 0 else math.inf
        shares = [share(found.relative, relative)] if relative is not None else []
        shares += [share(found.noise, noise)] if noise is not None else []
        return max(shares)

    def text(found: Comparison, sample: int) -> str:
        relative, noise = allowed(found, sample)
        parts = [f"relative error <= {relative:.3g}"] if relative is not None else []
        parts += [f"PSNR >= {-20 * math.log10(noise):.3g} dB"] if noise is not None else []
        return f"{', '.join(parts) or 'equal'}, as set by the export"

    return Gate(text="the gates that the export has set", excess=excess, allowed=allowed, text_of=text)
