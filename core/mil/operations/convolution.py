"""Convolutions of one, two and three spatial dimensions."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..table import Call, Ints, operation, prepare
from .windows import pad_spatial, symmetric, window_padding

_CONVOLVE: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED: dict[int, Callable[..., Tensor]] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@operation("conv")
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Ints | None = None,
    pad_type: str = "valid",
    pad: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Tensor:
    count = x.ndim - 2
    strides, dilations = strides or (1,) * count, dilations or (1,) * count
    kernel = tuple(weight.shape[2:])
    padding = window_padding(pad_type, pad or (0,) * 2 * count, tuple(x.shape[2:]), kernel, strides, dilations)
    sides = symmetric(padding)
    if sides is None:
        x, sides = pad_spatial(x, padding), (0,) * count
    return _CONVOLVE[count](x, weight, bias, strides, sides, dilations, groups)


@prepare("conv")
def _conv(call: Call) -> Callable[..., Tensor] | None:
    """Where the padding does not depend on the input's size, all that is left at run time is torch's own call."""
    known = call.constants
    count = call.rank("x") - 2
    padding = {"valid": (0,) * 2 * count, "custom": known["pad"] or (0,) * 2 * count}.get(known["pad_type"])
    sides = None if padding is None else symmetric(padding)
    if sides is None:
        return None
    convolve, strides = _CONVOLVE[count], known["strides"] or (1,) * count
    dilations, groups = known["dilations"] or (1,) * count, known["groups"]

    def run(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return convolve(x, weight, bias, strides, sides, dilations, groups)

    return run


@operation("conv_quantized")
def conv_quantized(
    x: Tensor,
    weight: Tensor,
    quant_scale: Tensor,
    quant_bias: Tensor,
    quantization_type: str,
    bias: Tensor | None = None,
    nbits: int = 8,
    strides: Ints | None = None,
    pad_type: str = "valid",
    pad: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Tensor:
    if quantization_type != "linear":
        raise ValueError(f"quantization type “{quantization_type}” is not supported")
    per_output = (-1,) + (1,) * (weight.ndim - 1)
    wide = weight.to(x.dtype) * quant_scale.reshape(per_output) + quant_bias.reshape(per_output)
    return conv(x, wide, bias, strides, pad_type, pad, dilations, groups)


@operation("conv_transpose")
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    pad: Ints | None = None,
    output_shape: Ints | None = None,
    pad_type: str = "valid",
    strides: Ints | None = None,
    dilations: Ints | None = None,
    groups: int = 1,
) -> Tensor:
    count = x.ndim - 2
    strides, dilations = strides or (1,) * count, dilations or (1,) * count
    kernel = tuple(weight.shape[2:])
    # Everything that the kernel reaches, then cut (or widened by zeros) to the wanted size.
    full = _TRANSPOSED[count](x, weight, None, strides, 0, 0, groups, dilations)
    sizes = tuple(x.shape[2:])
    padding = _transposed_padding(pad_type, pad or (0,) * 2 * count, kernel, strides, dilations)
    wanted = _transposed_sizes(output_shape, padding, sizes, kernel, strides, dilations)
    full = _window(full, padding[0::2], wanted)
    return full if bias is None else full + bias.reshape(-1, *[1] * count)


def _transposed_padding(pad_type: str, pad: Ints, kernel: Ints, strides: Ints, dilations: Ints) -> Ints:
    if pad_type == "custom":
        return pad
    if pad_type == "valid":
        return (0,) * len(pad)
    result: list[int] = []
    for width, stride, dilation in zip(kernel, strides, dilations, strict=True):
        total = max((width - 1) * dilation + 1 - stride, 0)
        small, large = total // 2, total - total // 2
        result += [large, small] if pad_type == "same_lower" else [small, large]
    return tuple(result)


def _transposed_sizes(
    output_shape: Ints | None, padding: Ints, sizes: Ints, kernel: Ints, strides: Ints, dilations: Ints
) -> Ints:
    if output_shape:
        return output_shape[-len(sizes) :]
    return tuple(
        (size - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - padding[2 * i] - padding[2 * i + 1]
        for i, size in enumerate(sizes)
    )


def _window(full: Tensor, starts: Ints, sizes: Ints) -> Tensor:
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True), start=2):
        missing = start + size - full.shape[axis]
        if missing > 0:
            shape = list(full.shape)
            shape[axis] = missing
            full = torch.cat([full, full.new_zeros(shape)], axis)
        full = full.narrow(axis, start, size)
    return full


@prepare("conv_transpose")
def _conv_transpose(call: Call) -> Callable[..., Tensor] | None:
    known: dict[str, Any] = call.constants
    count = call.rank("x") - 2
    padding = {"valid": (0,) * 2 * count, "custom": known["pad"] or (0,) * 2 * count}.get(known["pad_type"])
    sides = None if padding is None else symmetric(padding)
    if sides is None or known["output_shape"]:
        return None
    convolve, strides = _TRANSPOSED[count], known["strides"] or (1,) * count
    dilations, groups = known["dilations"] or (1,) * count, known["groups"]

    def run(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return convolve(x, weight, bias, strides, sides, 0, groups, dilations)

    return run
