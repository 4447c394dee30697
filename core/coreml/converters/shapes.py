"""Rearranging that coremltools 9.0 lacks."""

from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb

from .arguments import axis_of, finish, inputs_of, known, known_size, part
from .supply import supplied


@supplied("ravel")
def ravel(context: Any, node: Any) -> None:
    finish(context, node, mb.reshape(x=inputs_of(context, node)[0], shape=[-1]))


@supplied("view_as", "reshape_as")
def view_as(context: Any, node: Any) -> None:
    x, like = inputs_of(context, node)[:2]
    finish(context, node, mb.reshape(x=x, shape=mb.shape(x=like)))


@supplied("movedim")
def movedim(context: Any, node: Any) -> None:
    x, source, target = inputs_of(context, node)[:3]
    sources, targets = (_unsorted(item, x.rank) for item in (source, target))
    order = [axis for axis in range(x.rank) if axis not in sources]
    for place, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(place, axis)
    finish(context, node, mb.transpose(x=x, perm=order))


def _unsorted(argument: Any, rank: int) -> list[int]:
    given = known(argument)
    return [int(axis) % rank for axis in (given if isinstance(given, list) else [given])]


@supplied("unfold")
def unfold(context: Any, node: Any) -> None:
    """``Tensor.unfold(dimension, size, step)``: windows along one axis, in a new last axis."""
    x, dimension, size, step = inputs_of(context, node)[:4]
    axis = axis_of(dimension, x.rank)
    length, width, stride = known_size(x, axis), int(known(size)), int(known(step))
    starts = np.arange(0, length - width + 1, stride, dtype=np.int32)
    indices = (starts[:, None] + np.arange(width, dtype=np.int32)[None]).reshape(-1)
    windows = mb.gather(x=x, indices=indices, axis=axis)
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    if all(isinstance(item, int | np.integer) for item in (*before, *after)):
        windows = mb.reshape(x=windows, shape=[*before, len(starts), width, *after])
    else:
        windows = mb.expand_dims(x=windows, axes=[axis + 1])
        pieces = [part(windows, axis, index * width, (index + 1) * width) for index in range(len(starts))]
        joined = mb.concat(values=pieces, axis=axis + 1)
        order = [*range(axis), axis + 1, axis, *range(axis + 2, x.rank + 1)]
        windows = mb.transpose(x=joined, perm=order)
    order = [item for item in range(x.rank + 1) if item != axis + 1]
    finish(context, node, mb.transpose(x=windows, perm=[*order, axis + 1]))


@supplied("chunk", "unsafe_chunk")
def chunk(context: Any, node: Any) -> None:
    """Split into parts of equal size, the last one smaller where they do not fit; the value is a list."""
    x, count, dim = (*inputs_of(context, node), None)[:3]
    axis = axis_of(dim, x.rank)
    length = known_size(x, axis)
    width = -(-length // int(known(count)))
    starts = range(0, length, width)
    context.add([part(x, axis, start, min(start + width, length)) for start in starts], node.name)


@supplied("rot90")
def rot90(context: Any, node: Any) -> None:
    x, count, dims = (*inputs_of(context, node), None, None)[:3]
    first, second = (int(axis) % x.rank for axis in known(dims, [0, 1]))
    order = list(range(x.rank))
    order[first], order[second] = second, first
    match int(known(count, 1)) % 4:
        case 1:
            x = mb.transpose(x=mb.reverse(x=x, axes=[second]), perm=order)
        case 2:
            x = mb.reverse(x=x, axes=[first, second])
        case 3:
            x = mb.reverse(x=mb.transpose(x=x, perm=order), axes=[second])
    finish(context, node, x)


@supplied("take_along_dim")
def take_along_dim(context: Any, node: Any) -> None:
    x, indices, dim = (*inputs_of(context, node), None)[:3]
    if dim is None or known(dim) is None:
        x, indices, axis = mb.reshape(x=x, shape=[-1]), mb.reshape(x=indices, shape=[-1]), 0
    else:
        axis = axis_of(dim, x.rank)
    finish(context, node, mb.gather_along_axis(x=x, indices=mb.cast(x=indices, dtype="int32"), axis=axis))


@supplied("take")
def take(context: Any, node: Any) -> None:
    x, indices = inputs_of(context, node)[:2]
    finish(context, node, mb.gather(x=mb.reshape(x=x, shape=[-1]), indices=mb.cast(x=indices, dtype="int32"), axis=0))


@supplied("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(context: Any, node: Any) -> None:
    x, groups = inputs_of(context, node)[:2]
    channels, count = known_size(x, 1), int(known(groups))
    order = np.arange(channels, dtype=np.int32).reshape(count, channels // count).T.reshape(-1)
    finish(context, node, mb.gather(x=x, indices=np.ascontiguousarray(order), axis=1))


@supplied("tril_indices", "triu_indices")
def triangle_indices(context: Any, node: Any) -> None:
    rows, columns, *rest = inputs_of(context, node)
    offset = int(known(rest[0], 0)) if rest else 0
    indices = (np.tril_indices if node.kind.startswith("tril") else np.triu_indices)(
        int(known(rows)), offset, int(known(columns))
    )
    context.add(mb.const(val=np.stack(indices).astype(np.int32), name=node.name))
