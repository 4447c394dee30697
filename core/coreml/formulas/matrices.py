"""Determinants, inverses and factors of small matrices, written out."""

import torch
from torch import Tensor

from .constants import sizes_of
from .table import formula

_LARGEST = 4
"""Rows of the largest matrix whose determinant is written out: the terms grow as the factorial."""


def _minor(x: Tensor, row: int, column: int) -> Tensor:
    size = sizes_of(x)[-1]
    rows = [index for index in range(size) if index != row]
    columns = [index for index in range(size) if index != column]
    return x[..., rows, :][..., columns]


@formula("linalg_det", "det")
def det(x: Tensor) -> Tensor:
    size = sizes_of(x)[-1]
    if size > _LARGEST:
        raise ValueError("too large to be written out")
    if size == 1:
        return x[..., 0, 0]
    if size == 2:
        return x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]
    total = x[..., 0, 0] * det(_minor(x, 0, 0))
    for column in range(1, size):
        total = total + x[..., 0, column] * det(_minor(x, 0, column)) * (-1) ** column
    return total


@formula("linalg_inv", "inverse", instead=lambda x: x.shape[-1] <= _LARGEST)
def inverse(x: Tensor) -> Tensor:
    size = sizes_of(x)[-1]
    if size == 1:
        return torch.ones_like(x) / x
    cofactors = [
        torch.stack([det(_minor(x, column, row)) * (-1) ** (row + column) for column in range(size)], -1)
        for row in range(size)
    ]
    return torch.stack(cofactors, -2) / det(x).unsqueeze(-1).unsqueeze(-1)


@formula("linalg_solve")
def solve(a: Tensor, b: Tensor, left: bool) -> Tensor:
    if sizes_of(a)[-1] > _LARGEST or not left:
        raise ValueError("too large to be written out")
    if b.dim() == a.dim() - 1:
        return torch.matmul(inverse(a), b.unsqueeze(-1)).squeeze(-1)
    return torch.matmul(inverse(a), b)


@formula("linalg_cholesky")
def cholesky(x: Tensor, upper: bool) -> Tensor:
    size = sizes_of(x)[-1]
    if size > 2 * _LARGEST:
        raise ValueError("too large to be written out")
    rows: list[list[Tensor]] = []
    for row in range(size):
        rows.append([])
        for column in range(row + 1):
            rest = x[..., row, column]
            for earlier in range(column):
                rest = (
                    rest - rows[row][earlier] * rows[column][earlier]
                    if column < row
                    else rest - rows[row][earlier] ** 2
                )
            rows[row].append(torch.sqrt(rest) if column == row else rest / rows[column][column])
    zero = torch.zeros_like(x[..., 0, 0])
    lower = torch.stack([torch.stack([*row, *[zero] * (size - len(row))], -1) for row in rows], -2)
    return lower.transpose(-2, -1) if upper else lower
