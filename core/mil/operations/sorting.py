"""Order: sorting and the largest or smallest elements."""

import torch
from torch import Tensor

from ..table import ResultType, Tensors, operation


@operation("argsort", exact=True)
def argsort(x: Tensor, axis: int = -1, ascending: bool = False) -> Tensor:
    return torch.sort(x, dim=axis, descending=not ascending, stable=True).indices


@operation("topk", exact=True)
def topk(
    x: Tensor,
    result: ResultType,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> Tensor | Tensors:
    """Equal values keep their order, also where the program asks for no order."""
    count = x.shape[axis] if k == -1 else k
    if not 0 <= count <= x.shape[axis]:
        raise ValueError(f"k is {k}, and the axis has {x.shape[axis]} elements")
    ordered, indices = torch.sort(x, dim=axis, descending=not ascending, stable=True)
    values = ordered.narrow(axis, 0, count)
    return (values, indices.narrow(axis, 0, count)) if len(result.types) == 2 else values
