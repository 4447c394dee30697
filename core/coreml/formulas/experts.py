"""Mixtures of experts: products in which each group of rows has a matrix of its own."""

import torch
from torch import Tensor

from .constants import sizes_of
from .table import formula


@formula("_grouped_mm")
def grouped_mm(x: Tensor, matrices: Tensor, ends: Tensor, bias: Tensor | None, out_dtype: object = None) -> Tensor:
    """Every expert sees every row, as Core ML knows no groups whose sizes are computed; each row keeps its expert's."""
    if x.dim() != 2 or matrices.dim() != 3:
        raise ValueError("only rows in groups")
    place = torch.arange(sizes_of(x)[0])
    total = torch.zeros(sizes_of(x)[0], sizes_of(matrices)[2], dtype=x.dtype)
    for expert in range(sizes_of(matrices)[0]):
        is_inside = place < ends[expert]
        if expert:
            is_inside = is_inside & (place >= ends[expert - 1])
        product = torch.matmul(x, matrices[expert])
        total = torch.where(is_inside.unsqueeze(1), product if bias is None else product + bias[expert], total)
    return total
