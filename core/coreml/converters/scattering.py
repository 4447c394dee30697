"""Scattering: into places along an axis, by every way of combining."""

from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb
from coremltools.converters.mil.mil import types

from .arguments import axis_of, finish, inputs_of, is_floating, known, known_size, same_type
from .supply import Translation, completed, supplied

_MODES = {"sum": "add", "mean": "add", "prod": "mul", "amax": "max", "amin": "min"}


@supplied("scatter_reduce")
def scatter_reduce(context: Any, node: Any) -> None:
    x, dim, index, source, reduce, *rest = inputs_of(context, node)
    x, source = same_type(x, source)
    axis, way = axis_of(dim, x.rank), known(reduce)
    if rest and not known(rest[0], True):
        x = _scatter(x, index, _filled_like(source, _neutral(x, way)), axis, "update")
    total = _scatter(x, index, source, axis, _MODES[way])
    if way == "mean":
        zero, one = (mb.mul(x=x, y=_typed(0, x)), _filled_like(source, 1.0))
        count = _scatter(zero, index, one, axis, "add")
        own = 1 if not rest or known(rest[0], True) else 0
        count = mb.add(x=count, y=_typed(own, x)) if own else mb.maximum(x=count, y=_typed(1, x))
        total = (mb.real_div if is_floating(x) else mb.floor_div)(x=total, y=count)
    finish(context, node, total)


@completed("scatter")
def scatter(context: Any, node: Any, own: Translation) -> None:
    """coremltools' own wants an index as wide as the tensor in the other axes."""
    x, dim, index, source, *rest = inputs_of(context, node)
    axis = axis_of(dim, x.rank)
    others = [position for position in range(x.rank) if position != axis]
    if rest or source.rank == 0 or all(x.shape[other] == index.shape[other] for other in others):
        own(context, node)
        return
    x, source = same_type(x, source)
    finish(context, node, _scatter(x, index, source, axis, "update"))


def _scatter(x: Any, index: Any, source: Any, axis: int, mode: str) -> Any:
    index = mb.cast(x=index, dtype="int32")
    sizes = [known_size(index, position) for position in range(index.rank)]
    source = mb.slice_by_size(x=source, begin=[0] * len(sizes), size=sizes)
    if all(x.shape[other] == index.shape[other] for other in range(x.rank) if other != axis):
        return mb.scatter_along_axis(data=x, indices=index, updates=source, axis=axis, mode=mode)
    places = np.indices(sizes, dtype=np.int32)
    parts = [index if position == axis else places[position] for position in range(x.rank)]
    return mb.scatter_nd(data=x, indices=mb.stack(values=parts, axis=x.rank), updates=source, mode=mode)


def _neutral(x: Any, way: str) -> float:
    if way in ("sum", "mean", "prod"):
        return float(way == "prod")
    limit = np.finfo(np.float32).max if is_floating(x) else np.iinfo(np.int32).max
    return float(-limit if way == "amax" else limit)


def _typed(value: float, like: Any) -> Any:
    return types.nptype_from_builtin(like.dtype)(value)


def _filled_like(x: Any, value: float) -> Any:
    return np.full([int(size) for size in x.shape], value, dtype=types.nptype_from_builtin(x.dtype))


@supplied("index_add")
def index_add(context: Any, node: Any) -> None:
    x, dim, index, source, *rest = inputs_of(context, node)
    x, source = same_type(x, source)
    alpha = known(rest[0], 1) if rest else 1
    if alpha != 1:
        source = mb.mul(x=source, y=_typed(alpha, source))
    _along(context, node, x, dim, index, source, "add")


@supplied("index_copy")
def index_copy(context: Any, node: Any) -> None:
    x, dim, index, source = inputs_of(context, node)[:4]
    x, source = same_type(x, source)
    _along(context, node, x, dim, index, source, "update")


@supplied("index_reduce")
def index_reduce(context: Any, node: Any) -> None:
    x, dim, index, source, reduce, *rest = inputs_of(context, node)
    if known(reduce) == "mean" or (rest and not known(rest[0], True)):
        raise ValueError("only prod, amax and amin, with the tensor's own values, are translated")
    x, source = same_type(x, source)
    _along(context, node, x, dim, index, source, _MODES[known(reduce)])


@supplied("index_fill")
def index_fill(context: Any, node: Any) -> None:
    x, dim, index, value = inputs_of(context, node)[:4]
    axis = axis_of(dim, x.rank)
    sizes = [known_size(index, 0) if position == axis else known_size(x, position) for position in range(x.rank)]
    value, x = same_type(value, x)
    source = mb.add(x=value, y=np.zeros(sizes, dtype=types.nptype_from_builtin(x.dtype)))
    _along(context, node, x, dim, index, source, "update")


def _along(context: Any, node: Any, x: Any, dim: Any, index: Any, source: Any, mode: str) -> None:
    index = mb.cast(x=index, dtype="int32")
    finish(context, node, mb.scatter(data=x, indices=index, updates=source, axis=axis_of(dim, x.rank), mode=mode))
