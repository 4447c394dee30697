"""Reductions that coremltools 9.0 lacks."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import as_float, axes_of, finish, inputs_of, is_floating, known
from .supply import supplied


@supplied("var_mean")
def var_mean(context: Any, node: Any) -> None:
    _spread_and_mean(context, node, is_root=False)


@supplied("std_mean")
def std_mean(context: Any, node: Any) -> None:
    _spread_and_mean(context, node, is_root=True)


def _spread_and_mean(context: Any, node: Any, *, is_root: bool) -> None:
    x, *rest = inputs_of(context, node)
    # Overloads: (x, unbiased), (x, dim, unbiased, keepdim), (x, dim, correction=, keepdim=).
    if len(rest) <= 1:
        axes, correction, keep = axes_of(None, x.rank), int(known(rest[0], True) if rest else 1), False
    else:
        axes, given = axes_of(rest[0], x.rank), known(rest[1], 1)
        correction, keep = int(given), bool(known(rest[2], False)) if len(rest) > 2 else False
    mean = mb.reduce_mean(x=x, axes=axes, keep_dims=True)
    spread = mb.reduce_mean(x=mb.square(x=mb.sub(x=x, y=mean)), axes=axes, keep_dims=keep)
    if correction:
        count = mb.reduce_prod(x=mb.cast(x=mb.gather(x=mb.shape(x=x), indices=axes, axis=0), dtype="fp32"), axes=[0])
        spread = mb.mul(x=spread, y=mb.real_div(x=count, y=mb.sub(x=count, y=float(correction))))
    if is_root:
        spread = mb.sqrt(x=spread)
    if not keep:
        mean = mb.squeeze(x=mean, axes=axes)
    first, second = node.outputs
    context.add(mb.identity(x=spread, name=first), first)
    context.add(mb.identity(x=mean, name=second), second)


@supplied("prod")
def prod(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    # Overloads: (x, dtype=) and (x, dim, keepdim, dtype=).
    if len(rest) >= 2:
        value = mb.reduce_prod(x=x, axes=axes_of(rest[0], x.rank), keep_dims=bool(known(rest[1], False)))
    else:
        value = mb.reduce_prod(x=x, axes=axes_of(None, x.rank), keep_dims=False)
    finish(context, node, value)


@supplied("aminmax", "_aminmax")
def aminmax(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    axes = axes_of(rest[0] if rest else None, x.rank)
    keep = bool(known(rest[1], False)) if len(rest) > 1 else False
    for output, reduce in zip(node.outputs, (mb.reduce_min, mb.reduce_max), strict=True):
        context.add(reduce(x=x, axes=axes, keep_dims=keep, name=output), output)


@supplied("nansum")
def nansum(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    total, _ = _without_nan(x, rest)
    finish(context, node, total)


@supplied("nanmean")
def nanmean(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    total, count = _without_nan(x, rest)
    finish(context, node, mb.real_div(x=total, y=count))


def _without_nan(x: Any, rest: list[Any]) -> tuple[Any, Any]:
    axes = axes_of(rest[0] if rest else None, x.rank)
    keep = bool(known(rest[1], False)) if len(rest) > 1 else False
    is_number = mb.equal(x=x, y=x)
    numbers = mb.select(cond=is_number, a=x, b=0.0)
    count = mb.reduce_sum(x=mb.cast(x=is_number, dtype="fp32"), axes=axes, keep_dims=keep)
    return mb.reduce_sum(x=numbers, axes=axes, keep_dims=keep), count


@supplied("count_nonzero")
def count_nonzero(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    is_other = mb.not_equal(x=x, y=0.0) if is_floating(x) else mb.cast(x=x, dtype="bool")
    axes = axes_of(rest[0] if rest else None, x.rank)
    finish(context, node, mb.reduce_sum(x=mb.cast(x=is_other, dtype="int32"), axes=axes, keep_dims=False))


@supplied("dist")
def dist(context: Any, node: Any) -> None:
    x, y, *rest = inputs_of(context, node)
    difference = mb.reshape(x=mb.sub(x=as_float(x), y=as_float(y)), shape=[-1])
    finish(context, node, p_norm(difference, float(known(rest[0], 2.0)) if rest else 2.0, [0], keep=False))


@supplied("pairwise_distance")
def pairwise_distance(context: Any, node: Any) -> None:
    x, y, p, eps, keep = (*inputs_of(context, node), None, None, None)[:5]
    difference = mb.add(x=mb.sub(x=x, y=y), y=float(known(eps, 1e-6)))
    finish(context, node, p_norm(difference, float(known(p, 2.0)), [-1], keep=bool(known(keep, False))))


@supplied("cdist", "_cdist_forward")
def cdist(context: Any, node: Any) -> None:
    x, y, *rest = inputs_of(context, node)
    difference = mb.sub(x=mb.expand_dims(x=x, axes=[-2]), y=mb.expand_dims(x=y, axes=[-3]))
    finish(context, node, p_norm(difference, float(known(rest[0], 2.0)) if rest else 2.0, [-1], keep=False))


def p_norm(x: Any, p: float, axes: list[int], *, keep: bool) -> Any:
    """Return the p-norm over axes; 0 counts what is not zero, infinity takes the largest."""
    size = mb.abs(x=x)
    if p == 0:
        return mb.reduce_sum(x=mb.cast(x=mb.greater(x=size, y=0.0), dtype="fp32"), axes=axes, keep_dims=keep)
    if p == 1:
        return mb.reduce_sum(x=size, axes=axes, keep_dims=keep)
    if p == 2:
        return mb.sqrt(x=mb.reduce_sum_square(x=x, axes=axes, keep_dims=keep))
    if p == float("inf"):
        return mb.reduce_max(x=size, axes=axes, keep_dims=keep)
    total = mb.reduce_sum(x=mb.pow(x=size, y=p), axes=axes, keep_dims=keep)
    return mb.pow(x=total, y=1.0 / p)
