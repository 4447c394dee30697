"""Products of vectors and matrices that coremltools 9.0 lacks."""

from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb

from .arguments import axes_of, finish, inputs_of, known, same_type
from .supply import supplied


@supplied("dot", "vdot")
def dot(context: Any, node: Any) -> None:
    x, y = same_type(*inputs_of(context, node)[:2])
    finish(context, node, mb.reduce_sum(x=mb.mul(x=x, y=y), axes=[0], keep_dims=False))


@supplied("inner")
def inner(context: Any, node: Any) -> None:
    x, y = same_type(*inputs_of(context, node)[:2])
    if 0 in (x.rank, y.rank):
        finish(context, node, mb.mul(x=x, y=y))
        return
    finish(context, node, _tensordot(x, y, [x.rank - 1], [y.rank - 1]))


@supplied("ger", "outer")
def outer(context: Any, node: Any) -> None:
    x, y = same_type(*inputs_of(context, node)[:2])
    finish(context, node, mb.mul(x=mb.expand_dims(x=x, axes=[1]), y=mb.expand_dims(x=y, axes=[0])))


@supplied("mv")
def mv(context: Any, node: Any) -> None:
    matrix, vector = same_type(*inputs_of(context, node)[:2])
    product = mb.matmul(x=matrix, y=mb.expand_dims(x=vector, axes=[1]))
    finish(context, node, mb.squeeze(x=product, axes=[1]))


@supplied("tensordot")
def tensordot(context: Any, node: Any) -> None:
    x, y, first, second = inputs_of(context, node)[:4]
    x, y = same_type(x, y)
    finish(context, node, _tensordot(x, y, _in_order(first, x.rank), _in_order(second, y.rank)))


def _in_order(argument: Any, rank: int) -> list[int]:
    return [int(axis) % rank for axis in known(argument)]


def _tensordot(x: Any, y: Any, first: list[int], second: list[int]) -> Any:
    kept_x = [axis for axis in range(x.rank) if axis not in first]
    kept_y = [axis for axis in range(y.rank) if axis not in second]
    sizes = [int(x.shape[axis]) for axis in first]
    shape = [*(x.shape[axis] for axis in kept_x), *(y.shape[axis] for axis in kept_y)]
    if any(not isinstance(size, int | np.integer) for size in shape):
        raise ValueError("the sizes must be fixed for this product")
    width = int(np.prod(sizes, dtype=np.int64))
    left = mb.reshape(x=mb.transpose(x=x, perm=[*kept_x, *first]), shape=[-1, width])
    right = mb.reshape(x=mb.transpose(x=y, perm=[*second, *kept_y]), shape=[width, -1])
    product = mb.matmul(x=left, y=right)
    return mb.reshape(x=product, shape=[int(size) for size in shape] or [1])


@supplied("bilinear")
def bilinear(context: Any, node: Any) -> None:
    x, y, weight, bias = (*inputs_of(context, node), None)[:4]
    # (…, i) · (o, i, j) · (…, j): bring x over the outputs, multiply by y, and sum j.
    left = mb.matmul(x=mb.expand_dims(x=mb.expand_dims(x=x, axes=[-2]), axes=[-3]), y=weight)
    product = mb.reduce_sum(
        x=mb.mul(x=mb.squeeze(x=left, axes=[-2]), y=mb.expand_dims(x=y, axes=[-2])), axes=[-1], keep_dims=False
    )
    finish(context, node, product if bias is None else mb.add(x=product, y=bias))


@supplied("kron")
def kron(context: Any, node: Any) -> None:
    x, y = same_type(*inputs_of(context, node)[:2])
    if x.rank != y.rank or x.rank > 2:
        raise ValueError("only vectors and matrices of the same rank are translated")
    left = mb.expand_dims(x=x, axes=list(range(1, 2 * x.rank, 2)))
    right = mb.expand_dims(x=y, axes=list(range(0, 2 * y.rank, 2)))
    shape = [int(a) * int(b) for a, b in zip(x.shape, y.shape, strict=True)]
    finish(context, node, mb.reshape(x=mb.mul(x=left, y=right), shape=shape))


@supplied("addmv")
def addmv(context: Any, node: Any) -> None:
    x, matrix, vector, *rest = inputs_of(context, node)
    beta, alpha = (float(known(item, 1)) for item in (*rest, None, None)[:2])
    product = mb.squeeze(x=mb.matmul(x=matrix, y=mb.expand_dims(x=vector, axes=[1])), axes=[1])
    finish(context, node, mb.add(x=mb.mul(x=x, y=beta), y=mb.mul(x=product, y=alpha)))


@supplied("trace")
def trace(context: Any, node: Any) -> None:
    x = inputs_of(context, node)[0]
    size = [int(length) for length in x.shape]
    unit = np.eye(*size, dtype=np.float32)
    finish(context, node, mb.reduce_sum(x=mb.mul(x=x, y=unit), axes=axes_of(None, 2), keep_dims=False))
