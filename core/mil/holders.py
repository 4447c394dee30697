"""How a value of each MIL element type is held as a torch tensor while a program runs.

Half precision is held as float32 whose every value is a half: operations then compute in float32 and round once at
their end, as accelerators that accumulate in float32 do, and no operation needs a kernel for halves. Types that torch
lacks or hardly supports are held in the next wider one.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import fail
from .program import NUMPY_TYPES

_HOLDERS = {
    "fp16": torch.float32, "fp32": torch.float32, "fp64": torch.float64, "bool": torch.bool, "int8": torch.int8,
    "int16": torch.int16, "int32": torch.int32, "int64": torch.int64, "uint8": torch.uint8, "uint16": torch.int32,
    "uint32": torch.int64, "uint64": torch.int64, "int4": torch.int8, "uint1": torch.uint8, "uint2": torch.uint8,
    "uint3": torch.uint8, "uint4": torch.uint8, "uint6": torch.uint8,
}  # fmt: skip
_WRAPPED_BITS = {"uint16": 16, "uint32": 32}
"""Unsigned types held in a wider signed one: results are cut to this many bits, as the type itself would."""


def holder_dtype(dtype: str) -> torch.dtype:
    if dtype not in _HOLDERS:
        fail("mil.unsupported-type", f"Element type {dtype} is not supported.")
    return _HOLDERS[dtype]


def to_holder(array: np.ndarray[Any, Any], dtype: str, *, rounds: bool = True) -> Tensor:
    """Return an array as the tensor that holds MIL type ``dtype``; memory is shared where the types agree.

    Args:
        rounds: whether wider numbers are rounded to half where the type is fp16.
    """
    target = holder_dtype(dtype)
    if array.dtype in (np.uint16, np.uint32, np.uint64):
        array = array.astype(np.int64)
    if not array.flags.writeable or not array.dtype.isnative or any(stride < 0 for stride in array.strides):
        array = np.array(array, dtype=array.dtype.newbyteorder("="))
    tensor = torch.from_numpy(array)
    if dtype == "fp16" and rounds and tensor.dtype != torch.float16:
        tensor = tensor.to(torch.float16)
    return tensor.to(target)


def fit(tensor: Tensor, dtype: str) -> Tensor:
    """Return the tensor held as ``dtype``: truncated towards zero, wrapped at its width, not rounded to half."""
    bits = _WRAPPED_BITS.get(dtype)
    if bits is not None:
        return (tensor.to(torch.int64) & ((1 << bits) - 1)).to(_HOLDERS[dtype])
    return tensor.to(_HOLDERS[dtype])


def round_to_half(tensor: Tensor) -> Tensor:
    """Return the nearest halves, held as float32; what is too large becomes infinite."""
    return tensor.to(torch.float16).to(torch.float32)


def to_array(tensor: Tensor, dtype: str, *, rounds: bool = True) -> np.ndarray[Any, Any]:
    """Return a held value as an array of its own type (float32 in place of half where values are not rounded)."""
    if dtype == "fp16" and rounds:
        tensor = tensor.to(torch.float16)
    array: np.ndarray[Any, Any] = tensor.detach().numpy()
    if dtype == "fp16":
        return array
    target = NUMPY_TYPES.get(dtype)
    return array if target is None else array.astype(target, copy=False)
