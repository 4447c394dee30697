"""Resizing that coremltools lacks or gets wrong, axis by axis.

Source: what an axis becomes is worked out by torch's own resizing of a line, so that borders and rounding are torch's.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .constants import sizes_of, untraced
from .table import formula


def _is_fraction(x: Tensor, size: list[int] | None, scales: object, *rest: float | None) -> bool:
    """Whether factors are given, and one is no whole number: (x, size, factors) or (x, size, factor, factor)."""
    return any(factor is not None and factor % 1 != 0 for factor in _factors(scales, rest))


def _factors(scales: object, rest: Sequence[float | None]) -> list[float | None]:
    return list(scales) if isinstance(scales, list | tuple) else [scales if isinstance(scales, float) else None, *rest]


@formula("upsample_nearest1d", "upsample_nearest2d", instead=_is_fraction)
@formula("upsample_nearest3d")
def nearest(x: Tensor, size: list[int] | None, scales: object, *rest: float | None) -> Tensor:
    return _chosen(x, size, _factors(scales, rest), torch.ops.aten.upsample_nearest1d.default)


@formula("_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d")
def nearest_exact(x: Tensor, size: list[int] | None, scales: object, *rest: float | None) -> Tensor:
    return _chosen(x, size, _factors(scales, rest), torch.ops.aten._upsample_nearest_exact1d.default)


@formula(
    "upsample_linear1d", "upsample_bilinear2d", instead=lambda *arguments: _is_fraction(*arguments[:2], *arguments[3:])
)
@formula("upsample_trilinear3d")
def linear(x: Tensor, size: list[int] | None, align_corners: bool, scales: object, *rest: float | None) -> Tensor:
    for axis, target, factor in _axes(x, size, _factors(scales, rest)):
        with untraced():
            length = sizes_of(x)[axis]
            unit = torch.eye(length, dtype=torch.float64).unsqueeze(0)
            matrix = torch.ops.aten.upsample_linear1d.default(unit, [target], align_corners, factor)[0].to(x.dtype)
        x = torch.matmul(x.movedim(axis, -1), matrix).movedim(-1, axis)
    return x


def _chosen(x: Tensor, size: list[int] | None, factors: list[float | None], resize: Callable[..., Tensor]) -> Tensor:
    for axis, target, factor in _axes(x, size, factors):
        with untraced():
            line = torch.arange(sizes_of(x)[axis], dtype=torch.float32).reshape(1, 1, -1)
            places = resize(line, [target], factor).reshape(-1).to(torch.int64)
        x = x.index_select(axis, places)
    return x


def _axes(x: Tensor, size: list[int] | None, factors: list[float | None]) -> list[tuple[int, int, float | None]]:
    """Return each axis to resize, what it becomes, and the factor where one is given."""
    count = x.dim() - 2
    factors = factors if len(factors) == count else [None] * count
    found = []
    for axis, factor in zip(range(2, x.dim()), factors, strict=True):
        length = sizes_of(x)[axis]
        found.append((axis, size[axis - 2] if size else int(length * (factor or 1)), factor))
    return found
