"""Slices: reading them and writing them."""

from typing import Any

from torch import Tensor

from ..table import Bools, Ints, operation


def _bounds(
    size: int, begin: int, end: int, stride: int, *, ignores_begin: bool, ignores_end: bool
) -> tuple[int, int, int]:
    """Return the start, stop and step of one axis as Python's ``range`` takes them."""
    if stride == 0:
        raise ValueError("a stride is zero")
    start = None if ignores_begin else begin
    stop = None if ignores_end else end
    return slice(start, stop, stride).indices(size)


def _indices(
    x: Tensor,
    begin: Ints,
    end: Ints,
    stride: Ints | None,
    begin_mask: Bools | None,
    end_mask: Bools | None,
    squeeze_mask: Bools | None,
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Return an index without negative steps, and the axes to flip after (before, when writing)."""
    index: list[Any] = []
    flips: list[int] = []
    kept = 0
    for axis, size in enumerate(x.shape):
        step = stride[axis] if stride else 1
        if squeeze_mask and squeeze_mask[axis]:
            position = 0 if begin_mask and begin_mask[axis] else begin[axis]
            if not -size <= position < size:
                raise IndexError(f"index {position} is outside axis {axis} of {size} elements")
            index.append(position)
            continue
        positions = range(
            *_bounds(
                size,
                begin[axis],
                end[axis],
                step,
                ignores_begin=bool(begin_mask and begin_mask[axis]),
                ignores_end=bool(end_mask and end_mask[axis]),
            )
        )
        if step < 0:
            positions = positions[::-1]
            flips.append(kept)
        index.append(slice(positions.start, max(positions.stop, positions.start), positions.step))
        kept += 1
    return tuple(index), tuple(flips)


@operation("slice_by_index", exact=True)
def slice_by_index(
    x: Tensor,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Bools | None = None,
    end_mask: Bools | None = None,
    squeeze_mask: Bools | None = None,
) -> Tensor:
    index, flips = _indices(x, begin, end, stride, begin_mask, end_mask, squeeze_mask)
    result = x[index]
    return result.flip(flips) if flips else result


@operation("slice_by_size", exact=True)
def slice_by_size(x: Tensor, begin: Ints, size: Ints) -> Tensor:
    index = []
    for axis, (start, count) in enumerate(zip(begin, size, strict=True)):
        length = x.shape[axis]
        start = start + length if start < 0 else start
        stop = length if count == -1 else start + count
        if not 0 <= start <= stop <= length:
            raise IndexError(f"the slice {start}:{stop} is outside axis {axis} of {length} elements")
        index.append(slice(start, stop))
    return x[tuple(index)]


@operation("slice_update", "iOS18", exact=True)
def slice_update(
    x: Tensor,
    update: Tensor,
    begin: Ints,
    end: Ints,
    stride: Ints | None = None,
    begin_mask: Bools | None = None,
    end_mask: Bools | None = None,
    squeeze_mask: Bools | None = None,
) -> Tensor:
    index, flips = _indices(x, begin, end, stride, begin_mask, end_mask, squeeze_mask)
    result = x.clone()
    target = result[index]
    if target.shape != update.shape:
        raise ValueError(f"the slice has shape {tuple(target.shape)}, the update {tuple(update.shape)}")
    result[index] = update.flip(flips) if flips else update
    return result
