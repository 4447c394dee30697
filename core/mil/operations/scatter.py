"""Writing values at given indices."""

import torch
from torch import Tensor

from ..table import operation
from .gather import checked, nd_places, one_index

_REDUCED = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def _combine(rows: Tensor, places: Tensor, updates: Tensor, mode: str) -> Tensor:
    """Combine ``updates[i]`` into ``rows[places[i]]``; both have the places as first axis.

    Where a place comes twice, the last update wins for ``update``; the other modes combine all of them.
    """
    index = places.reshape(-1, *[1] * (rows.ndim - 1)).expand(updates.shape)
    return combine_along(rows, index, updates, 0, mode)


def combine_along(data: Tensor, index: Tensor, updates: Tensor, axis: int, mode: str) -> Tensor:
    if mode == "update":
        return _last_wins(data, index, updates, axis)
    if mode == "sub":
        return data.scatter_reduce(axis, index, -updates, "sum")
    if mode == "div":
        divisors = torch.ones_like(data).scatter_reduce(axis, index, updates, "prod")
        quotient = data / divisors if data.dtype.is_floating_point else torch.div(data, divisors, rounding_mode="trunc")
        return quotient.to(data.dtype)
    if mode not in _REDUCED:
        raise ValueError(f"unknown mode “{mode}”")
    return data.scatter_reduce(axis, index, updates, _REDUCED[mode])


def _last_wins(data: Tensor, index: Tensor, updates: Tensor, axis: int) -> Tensor:
    # torch leaves open which of several writes to one place stays; if there are such, write one by one.
    count = index.shape[axis]
    shape = [1] * index.ndim
    shape[axis] = count
    order = torch.arange(count).reshape(shape).expand(index.shape)
    winner = torch.full(data.shape, -1).scatter_reduce(axis, index, order, "amax")
    is_written = torch.gather(winner, axis, index) == order
    if bool(is_written.all()):
        return data.scatter(axis, index, updates)
    for step in range(count):
        data = data.scatter(axis, index.narrow(axis, step, 1), updates.narrow(axis, step, 1))
    return data


@operation("scatter")
def scatter(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    axis: int = 0,
    mode: str = "add",
    validate_indices: bool = False,
) -> Tensor:
    axis = axis % data.ndim
    if indices.numel() == 1 and mode in ("add", "update"):
        result = data.clone()
        row = result.narrow(axis, one_index(indices, data.shape[axis], validates=validate_indices), 1)
        row.copy_(updates.reshape(row.shape)) if mode == "update" else row.add_(updates.reshape(row.shape))
        return result
    places = checked(indices, data.shape[axis], validates=validate_indices).reshape(-1)
    rows, new = data.movedim(axis, 0), updates
    if indices.ndim != 1:
        new = new.reshape(*data.shape[:axis], -1, *data.shape[axis + 1 :])
    return _combine(rows, places, new.movedim(axis, 0), mode).movedim(0, axis)


@operation("scatter_along_axis")
def scatter_along_axis(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    axis: int = 0,
    mode: str = "add",
    validate_indices: bool = False,
) -> Tensor:
    axis = axis % data.ndim
    places = checked(indices, data.shape[axis], validates=validate_indices)
    return combine_along(data, places, updates.expand(indices.shape), axis, mode)


@operation("scatter_nd")
def scatter_nd(
    data: Tensor, indices: Tensor, updates: Tensor, mode: str = "add", validate_indices: bool = False
) -> Tensor:
    depth = indices.shape[-1]
    rest = data.shape[depth:]
    places = nd_places(indices, tuple(data.shape[:depth]), validates=validate_indices).reshape(-1)
    rows = data.reshape(-1, *rest)
    return _combine(rows, places, updates.reshape(places.numel(), *rest), mode).reshape(data.shape)
