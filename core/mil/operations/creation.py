"""Tensors made from sizes and numbers."""

from math import prod

import torch
from torch import Tensor

from ..holders import holder_dtype
from ..memory import require_elements
from ..table import Ints, ResultType, operation


@operation("fill")
def fill(shape: Ints, result: ResultType, value: float = 0.0) -> Tensor:
    require_elements(prod(shape))
    return torch.full(shape, value, dtype=holder_dtype(result.tensor.dtype))


@operation("fill_like", "iOS16")
def fill_like(ref_tensor: Tensor, result: ResultType, value: float = 0.0) -> Tensor:
    return torch.full(ref_tensor.shape, value, dtype=holder_dtype(result.tensor.dtype))


@operation("range_1d")
def range_1d(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    first, last, stride = start.item(), end.item(), step.item()
    if stride == 0:
        raise ValueError("the step is zero")
    require_elements(int(max(0, -(-(last - first) // stride))))
    return torch.arange(first, last, stride, dtype=start.dtype)


@operation("one_hot", exact=True)
def one_hot(
    indices: Tensor,
    one_hot_vector_size: int,
    result: ResultType,
    axis: int = -1,
    on_value: float = 1.0,
    off_value: float = 0.0,
) -> Tensor:
    require_elements(indices.numel() * one_hot_vector_size)
    axis = axis % (indices.ndim + 1)
    classes = torch.arange(one_hot_vector_size).reshape(-1, *[1] * (indices.ndim - axis))
    # An index outside the vector, negative ones included, sets nothing.
    is_on = indices.unsqueeze(axis) == classes
    dtype = holder_dtype(result.tensor.dtype)
    return torch.where(is_on, torch.tensor(on_value, dtype=dtype), torch.tensor(off_value, dtype=dtype))


@operation("band_part", exact=True)
def band_part(x: Tensor, lower: int = -1, upper: int = -1) -> Tensor:
    rows = torch.arange(x.shape[-2]).unsqueeze(1)
    columns = torch.arange(x.shape[-1])
    is_kept = torch.ones(x.shape[-2:], dtype=torch.bool)
    if lower >= 0:
        is_kept &= rows - columns <= lower
    if upper >= 0:
        is_kept &= columns - rows <= upper
    return torch.where(is_kept, x, torch.zeros((), dtype=x.dtype))


@operation("non_zero", exact=True)
def non_zero(x: Tensor) -> Tensor:
    return torch.nonzero(x)
