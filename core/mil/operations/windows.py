"""Padding of sliding windows, shared by convolution and pooling."""

from math import ceil

from torch import Tensor
from torch.nn.functional import pad as torch_pad

from ..table import Ints


def window_padding(pad_type: str, pad: Ints, sizes: Ints, kernel: Ints, strides: Ints, dilations: Ints) -> Ints:
    """Return (before, after) of each spatial dimension, in MIL's order."""
    if pad_type == "custom":
        return pad
    if pad_type == "valid":
        return (0,) * (2 * len(sizes))
    if pad_type not in ("same", "same_lower"):
        raise ValueError(f"unknown pad_type “{pad_type}”")
    result: list[int] = []
    for size, width, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        reach = (width - 1) * dilation + 1
        total = max((ceil(size / stride) - 1) * stride + reach - size, 0)
        small, large = total // 2, total - total // 2
        result += [small, large] if pad_type == "same" else [large, small]
    return tuple(result)


def symmetric(padding: Ints) -> Ints | None:
    """Return one number a dimension where both sides are padded alike and nothing is cropped."""
    before, after = padding[0::2], padding[1::2]
    return before if before == after and all(size >= 0 for size in before) else None


def pad_spatial(x: Tensor, padding: Ints, value: float = 0.0) -> Tensor:
    """Pad the last dimensions; MIL lists the first dimension first, torch the last."""
    if not any(padding):
        return x
    flat: list[int] = []
    for index in range(len(padding) // 2 - 1, -1, -1):
        flat += padding[2 * index : 2 * index + 2]
    return torch_pad(x, flat, value=value)
