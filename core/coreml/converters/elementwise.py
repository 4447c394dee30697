"""Operations on each element that coremltools 9.0 lacks, by their formulas."""

import math
from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb

from .arguments import as_float, finish, inputs_of, is_boolean, is_floating, known, same_type
from .supply import Translation, completed, supplied


@supplied("log_sigmoid")
def log_sigmoid(context: Any, node: Any) -> None:
    x = as_float(inputs_of(context, node)[0])
    # min(x, 0) − log(1 + exp(−|x|)) neither overflows nor loses small values, as −softplus(−x) would.
    tail = mb.log(x=mb.add(x=mb.exp(x=mb.mul(x=mb.abs(x=x), y=-1.0)), y=1.0))
    finish(context, node, mb.sub(x=mb.minimum(x=x, y=0.0), y=tail))


@supplied("logaddexp")
def logaddexp(context: Any, node: Any) -> None:
    finish(context, node, _logaddexp(inputs_of(context, node), base=math.e))


@supplied("logaddexp2")
def logaddexp2(context: Any, node: Any) -> None:
    finish(context, node, _logaddexp(inputs_of(context, node), base=2.0))


def _logaddexp(inputs: list[Any], *, base: float) -> Any:
    x, y = same_type(as_float(inputs[0]), as_float(inputs[1]))
    scale = math.log(base)
    distance = mb.mul(x=mb.abs(x=mb.sub(x=x, y=y)), y=-scale)
    tail = mb.mul(x=mb.log(x=mb.add(x=mb.exp(x=distance), y=1.0)), y=1.0 / scale)
    return mb.add(x=mb.maximum(x=x, y=y), y=tail)


@supplied("logit")
def logit(context: Any, node: Any) -> None:
    x, eps = (*inputs_of(context, node), None)[:2]
    x = as_float(x)
    if eps is not None and known(eps) is not None:
        x = mb.clip(x=x, alpha=float(known(eps)), beta=1.0 - float(known(eps)))
    finish(context, node, mb.log(x=mb.real_div(x=x, y=mb.sub(x=1.0, y=x))))


@supplied("xlogy")
def xlogy(context: Any, node: Any) -> None:
    x, y = same_type(*(as_float(item) for item in inputs_of(context, node)[:2]))
    is_zero = mb.equal(x=x, y=0.0)
    # 0 · log(anything but NaN) is 0; the logarithm must not see the zeros that the selection hides.
    value = mb.mul(x=x, y=mb.log(x=y))
    finish(context, node, mb.select(cond=is_zero, a=mb.mul(x=x, y=0.0), b=value))


@supplied("addcmul")
def addcmul(context: Any, node: Any) -> None:
    _add_scaled(context, node, mb.mul)


@supplied("addcdiv")
def addcdiv(context: Any, node: Any) -> None:
    _add_scaled(context, node, mb.real_div)


def _add_scaled(context: Any, node: Any, combine: Any) -> None:
    x, first, second, *rest = inputs_of(context, node)
    x, first, second = same_type(x, first, second)
    product = combine(x=first, y=second)
    value = known(rest[0], 1) if rest else 1
    if value != 1:
        product = mb.mul(x=product, y=np.float32(value) if is_floating(product) else np.int32(value))
    finish(context, node, mb.add(x=x, y=product))


@supplied("lerp")
def lerp(context: Any, node: Any) -> None:
    start, end, weight = same_type(*inputs_of(context, node)[:3])
    finish(context, node, mb.add(x=start, y=mb.mul(x=weight, y=mb.sub(x=end, y=start))))


@supplied("trunc", "fix")
def trunc(context: Any, node: Any) -> None:
    x = inputs_of(context, node)[0]
    finish(context, node, _trunc(x))


def _trunc(x: Any) -> Any:
    if not is_floating(x):
        return x
    return mb.select(cond=mb.less(x=x, y=0.0), a=mb.ceil(x=x), b=mb.floor(x=x))


@supplied("frac")
def frac(context: Any, node: Any) -> None:
    x = inputs_of(context, node)[0]
    finish(context, node, mb.sub(x=x, y=_trunc(x)))


@supplied("fmod")
def fmod(context: Any, node: Any) -> None:
    x, y = same_type(*inputs_of(context, node)[:2])
    quotient = _trunc(mb.real_div(x=as_float(x), y=as_float(y)))
    if not is_floating(x):
        quotient = mb.cast(x=quotient, dtype="int32")
    finish(context, node, mb.sub(x=x, y=mb.mul(x=quotient, y=y)))


@supplied("hypot")
def hypot(context: Any, node: Any) -> None:
    x, y = same_type(*(as_float(item) for item in inputs_of(context, node)[:2]))
    finish(context, node, mb.sqrt(x=mb.add(x=mb.mul(x=x, y=x), y=mb.mul(x=y, y=y))))


@supplied("erfc", "special_erfc")
def erfc(context: Any, node: Any) -> None:
    finish(context, node, mb.sub(x=1.0, y=mb.erf(x=as_float(inputs_of(context, node)[0]))))


@supplied("sinc")
def sinc(context: Any, node: Any) -> None:
    x = mb.mul(x=as_float(inputs_of(context, node)[0]), y=math.pi)
    is_zero = mb.equal(x=x, y=0.0)
    safe = mb.select(cond=is_zero, a=1.0, b=x)
    finish(context, node, mb.select(cond=is_zero, a=1.0, b=mb.real_div(x=mb.sin(x=safe), y=safe)))


@supplied("celu")
def celu(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    alpha = float(known(rest[0], 1.0)) if rest else 1.0
    below = mb.mul(x=mb.sub(x=mb.exp(x=mb.mul(x=mb.minimum(x=x, y=0.0), y=1.0 / alpha)), y=1.0), y=alpha)
    finish(context, node, mb.add(x=mb.maximum(x=x, y=0.0), y=below))


@supplied("hardshrink")
def hardshrink(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    edge = float(known(rest[0], 0.5)) if rest else 0.5
    is_kept = mb.cast(x=mb.greater(x=mb.abs(x=x), y=edge), dtype="fp32")
    finish(context, node, mb.mul(x=x, y=is_kept))


@supplied("softshrink")
def softshrink(context: Any, node: Any) -> None:
    x, *rest = inputs_of(context, node)
    edge = float(known(rest[0], 0.5)) if rest else 0.5
    finish(context, node, mb.sub(x=x, y=mb.clip(x=x, alpha=-edge, beta=edge)))


@supplied("deg2rad")
def deg2rad(context: Any, node: Any) -> None:
    finish(context, node, mb.mul(x=as_float(inputs_of(context, node)[0]), y=math.pi / 180))


@supplied("rad2deg")
def rad2deg(context: Any, node: Any) -> None:
    finish(context, node, mb.mul(x=as_float(inputs_of(context, node)[0]), y=180 / math.pi))


@supplied("expm1", "special_expm1")
def expm1(context: Any, node: Any) -> None:
    finish(context, node, mb.sub(x=mb.exp(x=as_float(inputs_of(context, node)[0])), y=1.0))


@supplied("sgn")
def sgn(context: Any, node: Any) -> None:
    finish(context, node, mb.sign(x=inputs_of(context, node)[0]))


@supplied("heaviside")
def heaviside(context: Any, node: Any) -> None:
    x, at_zero = same_type(*inputs_of(context, node)[:2])
    above = mb.cast(x=mb.greater(x=x, y=0.0), dtype="fp32")
    finish(context, node, mb.select(cond=mb.equal(x=x, y=0.0), a=mb.add(x=mb.mul(x=x, y=0.0), y=at_zero), b=above))


@supplied("copysign")
def copysign(context: Any, node: Any) -> None:
    x, sign = same_type(*(as_float(item) for item in inputs_of(context, node)[:2]))
    size = mb.abs(x=x)
    finish(context, node, mb.select(cond=mb.less(x=sign, y=0.0), a=mb.mul(x=size, y=-1.0), b=size))


@supplied("float_power")
def float_power(context: Any, node: Any) -> None:
    x, y = same_type(*(as_float(item) for item in inputs_of(context, node)[:2]))
    finish(context, node, mb.pow(x=x, y=y))


@supplied("isnan")
def isnan(context: Any, node: Any) -> None:
    x = inputs_of(context, node)[0]
    finish(context, node, mb.not_equal(x=x, y=x))


@supplied("isinf")
def isinf(context: Any, node: Any) -> None:
    finish(context, node, mb.equal(x=mb.abs(x=as_float(inputs_of(context, node)[0])), y=np.float32(np.inf)))


@supplied("isposinf")
def isposinf(context: Any, node: Any) -> None:
    finish(context, node, mb.equal(x=as_float(inputs_of(context, node)[0]), y=np.float32(np.inf)))


@supplied("isneginf")
def isneginf(context: Any, node: Any) -> None:
    finish(context, node, mb.equal(x=as_float(inputs_of(context, node)[0]), y=np.float32(-np.inf)))


@supplied("isfinite")
def isfinite(context: Any, node: Any) -> None:
    # NaN compares false, so that one comparison says both.
    finish(context, node, mb.less(x=mb.abs(x=as_float(inputs_of(context, node)[0])), y=np.float32(np.inf)))


@supplied("isclose")
def isclose(context: Any, node: Any) -> None:
    x, y, *rest = inputs_of(context, node)
    x, y = same_type(as_float(x), as_float(y))
    rtol, atol = (float(known(item, 0.0)) for item in (*rest, None, None)[:2])
    allowed = mb.add(x=mb.mul(x=mb.abs(x=y), y=rtol), y=atol)
    finish(context, node, mb.less_equal(x=mb.abs(x=mb.sub(x=x, y=y)), y=allowed))


@supplied("bitwise_or", "or")
def bitwise_or(context: Any, node: Any) -> None:
    _of_booleans(context, node, mb.logical_or)


@supplied("bitwise_xor", "xor")
def bitwise_xor(context: Any, node: Any) -> None:
    _of_booleans(context, node, mb.logical_xor)


def _of_booleans(context: Any, node: Any, combine: Any) -> None:
    x, y = inputs_of(context, node)[:2]
    if not (is_boolean(x) and is_boolean(y)):
        raise ValueError("Core ML has this operation for truth values only, and these are integers")
    finish(context, node, combine(x=x, y=y))


@completed("reciprocal")
def reciprocal(context: Any, node: Any, own: Translation) -> None:
    """coremltools' own adds 0.0001 to the divisor; ``1 / x`` is recorded as this, too."""
    finish(context, node, mb.real_div(x=1.0, y=as_float(inputs_of(context, node)[0])))
