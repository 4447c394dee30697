"""Reading values at given indices."""

import torch
from torch import Tensor

from ..table import operation


def checked(indices: Tensor, size: int, *, validates: bool = False) -> Tensor:
    """Return indices as int64, negative ones counted from the end.

    MIL leaves what lies outside undefined, or an error if the program asks for validation; a reference says so always.

    Args:
        validates: whether the program asks for it; negative indices are outside then.

    Raises:
        IndexError: an index is outside ``-size <= index < size``.
    """
    wide = indices.to(torch.int64)
    if wide.numel() and (wide.min() < (0 if validates else -size) or wide.max() >= size):
        raise IndexError(f"an index is outside an axis of {size} elements")
    return torch.where(wide < 0, wide + size, wide)


def one_index(index: Tensor, size: int, *, validates: bool = False) -> int:
    """Return a single index as a number, counted from the front; as strict as ``checked``."""
    position = int(index.item())
    if not (0 if validates else -size) <= position < size:
        raise IndexError(f"an index is outside an axis of {size} elements")
    return position + size if position < 0 else position


@operation("gather", exact=True)
def gather(x: Tensor, indices: Tensor, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    axis = axis % x.ndim
    if indices.numel() == 1 and batch_dims == 0:
        # One row: a view, without the cost of looking for outliers among many.
        position = one_index(indices, x.shape[axis], validates=validate_indices)
        row = x.narrow(axis, position, 1)
        return row if indices.ndim == 1 else row.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])
    chosen = checked(indices, x.shape[axis], validates=validate_indices)
    if batch_dims == 0:
        picked = x.index_select(axis, chosen.reshape(-1))
        return picked.reshape([*x.shape[:axis], *chosen.shape, *x.shape[axis + 1 :]])
    batch = x.shape[:batch_dims]
    rows = x.reshape(-1, *x.shape[batch_dims:])
    orders = chosen.reshape(-1, *chosen.shape[batch_dims:])
    parts = [
        gather(row, order, axis - batch_dims, 0, validate_indices) for row, order in zip(rows, orders, strict=True)
    ]
    joined = torch.stack(parts)
    return joined.reshape([*batch, *joined.shape[1:]])


@operation("gather_along_axis", exact=True)
def gather_along_axis(x: Tensor, indices: Tensor, axis: int = 0, validate_indices: bool = False) -> Tensor:
    axis = axis % x.ndim
    chosen = checked(indices, x.shape[axis], validates=validate_indices)
    others = [size for i, size in enumerate(x.shape) if i != axis]
    if [size for i, size in enumerate(chosen.shape) if i != axis] != others:
        shape = [max(a, b) for a, b in zip(x.shape, chosen.shape, strict=True)]
        x = x.expand([x.shape[axis] if i == axis else size for i, size in enumerate(shape)])
        chosen = chosen.expand([chosen.shape[axis] if i == axis else size for i, size in enumerate(shape)])
    return torch.gather(x, axis, chosen)


@operation("gather_nd", exact=True)
def gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0, validate_indices: bool = False) -> Tensor:
    depth = indices.shape[-1]
    batch = x.shape[:batch_dims]
    places = nd_places(indices, tuple(x.shape[batch_dims : batch_dims + depth]), validates=validate_indices)
    rest = x.shape[batch_dims + depth :]
    if not batch_dims:
        return x.reshape(-1, *rest)[places]
    rows = x.reshape(batch.numel(), -1, *rest)
    orders = places.reshape(batch.numel(), -1)
    picked = torch.stack([row[order] for row, order in zip(rows, orders, strict=True)])
    return picked.reshape([*indices.shape[:-1], *rest])


def nd_places(indices: Tensor, sizes: tuple[int, ...], *, validates: bool = False) -> Tensor:
    """Return the row-major position that each index tuple (along the last axis) has in an array of ``sizes``."""
    places = torch.zeros(indices.shape[:-1], dtype=torch.int64)
    for axis, size in enumerate(sizes):
        places = places * size + checked(indices[..., axis], size, validates=validates)
    return places
