"""Pooling of one, two and three spatial dimensions."""

from collections.abc import Callable
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from ..table import Call, Ints, operation, prepare
from .windows import pad_spatial, symmetric, window_padding

_AVERAGE: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_MAXIMUM: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def _padding(
    x: Tensor, kernel: Ints, strides: Ints | None, pad_type: str, pad: Ints | None, ceil_mode: bool
) -> tuple[Ints, Ints]:
    """Return strides, and (before, after) of each dimension, widened where ceil_mode adds a last partial window."""
    count = len(kernel)
    strides = strides or (1,) * count
    sizes = tuple(x.shape[2:])
    padding = list(window_padding(pad_type, pad or (0,) * 2 * count, sizes, kernel, strides, (1,) * count))
    if ceil_mode and pad_type in ("valid", "custom"):
        for i in range(count):
            before, after = padding[2 * i : 2 * i + 2]
            span = sizes[i] + before + after - kernel[i]
            outputs = -(-span // strides[i]) + 1
            if before + after > 0 and (outputs - 1) * strides[i] >= sizes[i] + before:
                outputs -= 1
            padding[2 * i + 1] += (outputs - 1) * strides[i] - span
    return strides, tuple(padding)


@operation("max_pool", exact=True)
def max_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    strides, padding = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    lowest = -float("inf")
    return _MAXIMUM[len(kernel_sizes)](pad_spatial(x, padding, lowest), kernel_sizes, strides)


@operation("avg_pool")
def avg_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    strides, padding = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    total = _window_sums(x, kernel_sizes, strides, padding)
    if exclude_padding_from_average:
        ones = torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype)
        return total / _window_sums(ones, kernel_sizes, strides, padding)
    if not ceil_mode or pad_type not in ("valid", "custom"):
        return total / prod(kernel_sizes)
    # What ceil_mode adds behind the declared padding never counts; the declared padding does.
    declared = pad if pad_type == "custom" and pad else (0,) * len(padding)
    ones = pad_spatial(torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype), declared, 1.0)
    extra = tuple(a - b for a, b in zip(padding, declared, strict=True))
    return total / _window_sums(ones, kernel_sizes, strides, extra)


@operation("l2_pool")
def l2_pool(
    x: Tensor,
    kernel_sizes: Ints,
    pad_type: str,
    strides: Ints | None = None,
    pad: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    strides, padding = _padding(x, kernel_sizes, strides, pad_type, pad, ceil_mode)
    return _window_sums(x.square(), kernel_sizes, strides, padding).sqrt()


def _window_sums(x: Tensor, kernel: Ints, strides: Ints, padding: Ints) -> Tensor:
    return _AVERAGE[len(kernel)](pad_spatial(x, padding), kernel, strides) * prod(kernel)


def _plain_padding(call: Call) -> Ints | None:
    """Return the padding as torch's pooling takes it, or None where torch cannot do it by itself."""
    known, count = call.constants, len(call.constants["kernel_sizes"])
    padding = {"valid": (0,) * 2 * count, "custom": known["pad"] or (0,) * 2 * count}.get(known["pad_type"])
    sides = None if padding is None else symmetric(padding)
    if sides is None or known["ceil_mode"]:
        return None
    # torch refuses padding wider than half of the window.
    return sides if all(2 * side <= size for side, size in zip(sides, known["kernel_sizes"], strict=True)) else None


@prepare("max_pool")
def _max_pool(call: Call) -> Callable[..., Tensor] | None:
    sides, kernel = _plain_padding(call), call.constants["kernel_sizes"]
    if sides is None:
        return None
    pool, strides = _MAXIMUM[len(kernel)], call.constants["strides"] or (1,) * len(kernel)
    return lambda x: pool(x, kernel, strides, sides)


@prepare("avg_pool")
def _avg_pool(call: Call) -> Callable[..., Tensor] | None:
    sides, kernel = _plain_padding(call), call.constants["kernel_sizes"]
    if sides is None:
        return None
    pool, strides = _AVERAGE[len(kernel)], call.constants["strides"] or (1,) * len(kernel)
    counts = not call.constants["exclude_padding_from_average"]
    return lambda x: pool(x, kernel, strides, sides, False, counts)
