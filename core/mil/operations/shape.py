"""Shapes: the same values in another arrangement, joined, cut and repeated."""

from math import prod

import torch
from torch import Tensor

from ..memory import require_elements
from ..table import Ints, Tensors, operation


@operation("shape", exact=True)
def shape_(x: Tensor) -> Tensor:
    return torch.tensor(x.shape, dtype=torch.int32)


@operation("reshape", exact=True)
def reshape(x: Tensor, shape: Ints) -> Tensor:
    if 0 in shape and x.numel():
        if len(shape) != x.ndim:
            raise ValueError(f"a shape of {len(shape)} dimensions with zeros does not fit {x.ndim} dimensions")
        shape = tuple(old if new == 0 else new for old, new in zip(x.shape, shape, strict=True))
    return x.reshape(shape)


@operation("reshape", "iOS17", exact=True)
def reshape_17(x: Tensor, shape: Ints) -> Tensor:
    """Zeros stand for the size at the same place, counted from the right; where there is none, for 1."""
    if 0 in shape and x.numel():
        offset = x.ndim - len(shape)
        shape = tuple(
            (x.shape[i + offset] if i + offset >= 0 else 1) if size == 0 else size for i, size in enumerate(shape)
        )
    return x.reshape(shape)


@operation("reshape_like", "iOS16", exact=True)
def reshape_like(x: Tensor, ref_tensors: Tensors, begins: Tensors, ends: Tensors, end_masks: Tensors) -> Tensor:
    sizes: list[int] = []
    for reference, begin, end, mask in zip(ref_tensors, begins, ends, end_masks, strict=True):
        last = reference.ndim if mask.item() else int(end.item())
        sizes += reference.shape[int(begin.item()) : last]
    return x.reshape(sizes)


@operation("flatten2d", exact=True)
def flatten2d(x: Tensor, axis: int = 1) -> Tensor:
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


@operation("expand_dims", exact=True)
def expand_dims(x: Tensor, axes: Ints) -> Tensor:
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@operation("squeeze", exact=True)
def squeeze(x: Tensor, axes: Ints | None = None) -> Tensor:
    if axes is None:
        return x.squeeze()
    for axis in axes:
        if x.shape[axis] != 1:
            raise ValueError(f"axis {axis} has {x.shape[axis]} elements, not 1")
    return x.squeeze(axes)


@operation("transpose", exact=True)
def transpose(x: Tensor, perm: Ints) -> Tensor:
    return x.permute(perm)


@operation("reverse", exact=True)
def reverse(x: Tensor, axes: Ints | None = None) -> Tensor:
    return x.flip(tuple(range(x.ndim)) if axes is None else axes)


@operation("reverse_sequence", exact=True)
def reverse_sequence(x: Tensor, lengths: Tensor, seq_axis: int = 0, batch_axis: int = 0) -> Tensor:
    moved = x.movedim((batch_axis, seq_axis), (0, 1))
    steps = torch.arange(moved.shape[1])
    limits = lengths.to(torch.int64).unsqueeze(1)
    order = torch.where(steps < limits, limits - 1 - steps, steps)
    rows = torch.arange(moved.shape[0]).unsqueeze(1)
    return moved[rows, order].movedim((0, 1), (batch_axis, seq_axis))


@operation("concat", exact=True)
def concat(values: Tensors, axis: int, interleave: bool = False) -> Tensor:
    if not values[0].ndim:  # numbers, as the converter writes positions that are known only at run time
        return torch.stack(values)
    if not interleave:
        return torch.cat(values, axis)
    axis = axis % values[0].ndim
    return torch.stack(values, axis + 1).flatten(axis, axis + 1)


@operation("stack", exact=True)
def stack(values: Tensors, axis: int) -> Tensor:
    return torch.stack(values, axis)


@operation("split", exact=True)
def split(x: Tensor, axis: int, num_splits: int | None = None, split_sizes: Ints | None = None) -> Tensors:
    if split_sizes is not None:
        return torch.split(x, list(split_sizes), axis)
    size = x.shape[axis]
    if not num_splits or size % num_splits:
        raise ValueError(f"{size} elements cannot be split into {num_splits} equal parts")
    return torch.split(x, size // num_splits, axis)


@operation("tile", exact=True)
def tile(x: Tensor, reps: Ints) -> Tensor:
    require_elements(x.numel() * prod(reps))
    return x.repeat(reps)


@operation("pad", exact=True)
def pad(x: Tensor, pad: Ints, mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """The last ``len(pad) / 2`` dimensions are padded, the first of them listed first."""
    count = len(pad) // 2
    first = x.ndim - count
    sizes = list(x.shape)
    for i in range(count):
        sizes[first + i] += pad[2 * i] + pad[2 * i + 1]
    require_elements(prod(sizes))
    if mode == "constant":
        flat = [size for i in reversed(range(count)) for size in pad[2 * i : 2 * i + 2]]
        return torch.nn.functional.pad(x, flat, value=constant_val)
    for i in range(count):
        before, after = pad[2 * i : 2 * i + 2]
        if before or after:
            x = x.index_select(first + i, _padded_indices(x.shape[first + i], before, after, mode))
    return x


def _padded_indices(size: int, before: int, after: int, mode: str) -> Tensor:
    positions = torch.arange(-before, size + after)
    if mode == "replicate":
        return positions.clamp(0, size - 1)
    if mode != "reflect":
        raise ValueError(f"unknown mode “{mode}”")
    if before >= size or after >= size:
        raise ValueError(f"{max(before, after)} elements cannot be reflected from {size}")
    positions = positions.abs()
    return torch.where(positions >= size, 2 * (size - 1) - positions, positions)


@operation("sliding_windows", exact=True)
def sliding_windows(x: Tensor, axis: int, size: int, stride: int = 1) -> Tensor:
    axis = axis % x.ndim
    return x.unfold(axis, size, stride).movedim(-1, axis + 1)
