"""Determinants, inverses and factors of small matrices, written out."""

from typing import TypeAlias

import torch
from torch import Tensor

from .constants import sizes_of
from .table import formula

_LARGEST = 4
"""Rows of the largest matrix whose determinant is written out: the terms grow as the factorial."""


Rows: TypeAlias = "list[list[Tensor]]"


def _entries(x: Tensor) -> Rows:
    size = sizes_of(x)[-1]
    if size > _LARGEST:
        raise ValueError("too large to be written out")
    return [[x[..., row, column] for column in range(size)] for row in range(size)]


def _minor(rows: Rows, row: int, column: int) -> Rows:
    return [[*line[:column], *line[column + 1 :]] for index, line in enumerate(rows) if index != row]


def _determinant(rows: Rows) -> Tensor:
    if len(rows) == 1:
        return rows[0][0]
    total = rows[0][0] * _determinant(_minor(rows, 0, 0))
    for column in range(1, len(rows)):
        term = rows[0][column] * _determinant(_minor(rows, 0, column))
        total = total - term if column % 2 else total + term
    return total


@formula("linalg_det", "det")
def det(x: Tensor) -> Tensor:
    return _determinant(_entries(x))


@formula("linalg_inv", "inverse", instead=lambda x: x.shape[-1] <= _LARGEST)
def inverse(x: Tensor) -> Tensor:
    rows = _entries(x)
    places = range(len(rows))
    if len(rows) == 1:
        return torch.ones_like(x) / x
    minors = [[_determinant(_minor(rows, row, column)) for column in places] for row in places]
    signed = [torch.stack([minors[row][column] * (-1) ** (row + column) for row in places], -1) for column in places]
    total = rows[0][0] * minors[0][0]
    for column in places[1:]:
        term = rows[0][column] * minors[0][column]
        total = total - term if column % 2 else total + term
    return torch.stack(signed, -2) / total.unsqueeze(-1).unsqueeze(-1)


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
