"""Resizing that coremltools 9.0 lacks (bicubic) or gets wrong (antialiased): each axis is a product with a matrix.

Source: the matrix of an axis is torch's own resizing of the unit matrix, so that borders and corners are torch's.
"""

from typing import Any

import numpy as np
import torch
from coremltools.converters.mil.mil import Builder as mb

from .arguments import as_float, finish, inputs_of, known, known_size
from .supply import Translation, completed, supplied


@supplied("upsample_bicubic2d")
def upsample_bicubic2d(context: Any, node: Any) -> None:
    _resize(context, node, "bicubic", antialias=False)


@supplied("_upsample_bicubic2d_aa")
def upsample_bicubic2d_antialiased(context: Any, node: Any) -> None:
    _resize(context, node, "bicubic", antialias=True)


@completed("_upsample_bilinear2d_aa")
def upsample_bilinear2d_antialiased(context: Any, node: Any, own: Translation) -> None:
    """Replace coremltools' own, which leaves the antialiasing out: making an image smaller gives other numbers."""
    _resize(context, node, "bilinear", antialias=True)


def _resize(context: Any, node: Any, mode: str, *, antialias: bool) -> None:
    x, size, corners, *scales = inputs_of(context, node)
    x = as_float(x)
    given = [known_size(x, 2), known_size(x, 3)]
    # Two overloads: (x, size?, corners, [scale, scale]?) and (x, size, corners, scale_h?, scale_w?).
    factors = known(scales[0]) if scales and size is None else [known(scale) for scale in scales[:2]]
    wanted = known(size) or [int(length * factor) for length, factor in zip(given, factors, strict=True)]
    is_aligned = bool(known(corners, False))
    for axis, (length, target) in enumerate(zip(given, wanted, strict=True)):
        factor = factors[axis] if isinstance(factors, list) and axis < len(factors) else None
        matrix = resizing_matrix(length, int(target), mode, is_aligned, antialias, factor)
        x = mb.matmul(x=matrix, y=x) if axis == 0 else mb.matmul(x=x, y=np.ascontiguousarray(matrix.T))
    finish(context, node, x)


def resizing_matrix(
    length: int, target: int, mode: str, align_corners: bool, antialias: bool, factor: float | None
) -> np.ndarray[Any, Any]:
    """Return the (target, length) matrix that resizes an axis of ``length`` as torch does."""
    unit = torch.eye(length, dtype=torch.float64).reshape(1, 1, length, length)
    resize = {
        ("bicubic", False): torch.ops.aten.upsample_bicubic2d.default,
        ("bicubic", True): torch.ops.aten._upsample_bicubic2d_aa.default,
        ("bilinear", True): torch.ops.aten._upsample_bilinear2d_aa.default,
    }[mode, antialias]
    # Only the first spatial axis is resized: along the second, length stays length.
    return np.asarray(resize(unit, [target, length], align_corners, factor, None)[0, 0].numpy().astype(np.float32))
