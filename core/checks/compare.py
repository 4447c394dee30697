"""Errors between what a model gives and what an artefact made of it gives."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from ..inputs.nested import flatten


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Errors of one output, or the worst over several; all numbers are plain floats.

    ``relative`` is the largest absolute error over the largest magnitude expected, so that values near zero do not
    count as infinitely wrong. ``psnr_db`` is taken over the range of the expected values; infinite when equal.
    """

    output: str
    absolute: float
    relative: float
    psnr_db: float
    differing: int | None = None
    """Elements that are not equal, where the output is of integers or truth values; None for any other."""

    @property
    def noise(self) -> float:
        """The root mean square error over the range of the expected values: the PSNR as a ratio."""
        return (
            0.0 if self.psnr_db == math.inf else math.inf if self.psnr_db == -math.inf else 10 ** (-self.psnr_db / 20)
        )

    def worse(self, other: "Comparison") -> "Comparison":
        """Return the one with the larger relative error."""
        return self if self.relative >= other.relative else other


class Unlike(Exception):
    """The two sides cannot be compared: another number of outputs, another shape, or NaN on one side only."""


def compare(actual: Any, expected: Any) -> Comparison:
    """Compare two nested outputs tensor by tensor, in order; return the worst.

    Equal NaN and equal infinities count as equal.

    Raises:
        Unlike: with the reason in words.
    """
    worst = Comparison(output="out", absolute=0.0, relative=0.0, psnr_db=math.inf)
    for found in compare_all(actual, expected):
        worst = found.worse(worst)
    return worst


def compare_all(actual: Any, expected: Any, scales: Mapping[str, float] | None = None) -> tuple[Comparison, ...]:
    """Compare two nested outputs tensor by tensor; return a comparison of each, in order.

    Args:
        scales: for each output the least magnitude that errors are compared with, see ``magnitudes``.

    Raises:
        Unlike: with the reason in words.
    """
    actual_rows, expected_rows = flatten(actual), flatten(expected)
    if len(actual_rows) != len(expected_rows):
        raise Unlike(f"it gives {len(actual_rows)} outputs, and the model {len(expected_rows)}")
    known = scales or {}
    return tuple(
        compare_tensors(path, got, want, known.get(path, 0.0))
        for (_, got), (path, want) in zip(actual_rows, expected_rows, strict=True)
    )


def magnitudes(answers: Sequence[Any]) -> dict[str, float]:
    """Return for each output the largest magnitude that it has on half of the probes.

    A single number that comes out near zero on one probe is not to be judged by its own size.
    """
    found: dict[str, list[float]] = {}
    for answer in answers:
        for path, tensor in flatten(answer):
            value = _as_float64(tensor)
            finite = value[value.isfinite()].abs()
            found.setdefault(path, []).append(float(finite.max()) if finite.numel() else 0.0)
    return {path: median(rows) for path, rows in found.items()}


def compare_tensors(path: str, got: torch.Tensor, want: torch.Tensor, scale: float = 0.0) -> Comparison:
    """Compare one tensor with what was expected; ``scale`` is the least magnitude that its error is compared with.

    Raises:
        Unlike: with the reason in words.
    """
    if got.shape != want.shape:
        raise Unlike(f"{path} has the shape {tuple(got.shape)}, and {tuple(want.shape)} in the model")
    is_exact = not (want.is_floating_point() or want.is_complex() or want.is_quantized)
    got, want = (_as_float64(value) for value in (got, want))
    if not torch.equal(got.isnan(), want.isnan()):
        raise Unlike(
            f"{path} has NaN in {int(got.isnan().sum())} places, and in {int(want.isnan().sum())} in the model"
        )
    same = (got == want) | (got.isnan() & want.isnan())
    difference = torch.where(same, 0.0, (got - want).abs())
    finite = want[want.isfinite()]
    largest = max(scale, float(finite.abs().max()) if finite.numel() else 0.0)
    absolute = float(difference.max()) if difference.numel() else 0.0
    differing = int((~same).sum()) if is_exact else None
    if absolute == 0:
        return Comparison(output=path, absolute=0.0, relative=0.0, psnr_db=math.inf, differing=differing)
    if not math.isfinite(absolute):
        return Comparison(output=path, absolute=math.inf, relative=math.inf, psnr_db=-math.inf, differing=differing)
    relative = absolute / largest if largest else math.inf
    span = float(finite.max() - finite.min()) if finite.numel() > 1 else largest
    mean_square = float((difference**2).mean())
    psnr = 10 * math.log10(max(span, largest) ** 2 / mean_square) if largest else -math.inf
    return Comparison(output=path, absolute=absolute, relative=relative, psnr_db=psnr, differing=differing)


def _as_float64(value: torch.Tensor) -> torch.Tensor:
    value = value.detach().cpu()
    if value.layout is not torch.strided:
        value = value.to_dense()
    if value.is_complex():
        value = torch.view_as_real(value.resolve_conj())
    return value.dequantize().double() if value.is_quantized else value.double()
