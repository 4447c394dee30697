"""Quantisation of values while the program runs."""

import torch
from torch import Tensor

from ..table import operation

_RANGES = {"int8": (-128, 127), "uint8": (0, 255)}


def along_axis(parameter: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """Return a scalar or vector so that it broadcasts along ``axis`` of ``x``."""
    if parameter.ndim != 1 or axis is None:
        return parameter
    shape = [1] * x.ndim
    shape[axis] = -1
    return parameter.reshape(shape)


@operation("quantize", "iOS17", exact=True)
def quantize(
    input: Tensor, scale: Tensor, output_dtype: str, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    if output_dtype not in _RANGES:
        raise ValueError(f"unknown output type “{output_dtype}”")
    steps = torch.round(input / along_axis(scale, input, axis))
    if zero_point is not None:
        steps = steps + along_axis(zero_point, input, axis).to(steps.dtype)
    return steps.clamp(*_RANGES[output_dtype])


@operation("dequantize", "iOS17")
def dequantize(input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None) -> Tensor:
    steps = input.to(torch.float32)
    if zero_point is not None:
        steps = steps - along_axis(zero_point, input, axis).to(torch.float32)
    return steps * along_axis(scale, input, axis)
