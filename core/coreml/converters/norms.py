"""Norms for arguments and numbers that coremltools gets wrong."""

import math
from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb

from .arguments import as_float, finish, inputs_of, known
from .supply import Translation, completed


@completed("norm")
def norm(context: Any, node: Any, own: Translation) -> None:
    """``x.norm()`` over all axes is ``aten::norm(x, p)``, for which coremltools expects two arguments more."""
    given = inputs_of(context, node)
    if len(given) != 2 or known(given[1], 2) != 2:
        own(context, node)
        return
    finish(context, node, mb.reduce_l2_norm(x=as_float(given[0]), axes=None, keep_dims=False))


@completed("rms_norm")
def rms_norm(context: Any, node: Any, own: Translation) -> None:
    """coremltools' own divides by the largest number first, so that nothing overflows, but adds ``eps`` after that.

    Small numbers came out several per cent too large, and a row of zeros as NaN.
    """
    x, shape, weight, eps = (*inputs_of(context, node), None, None)[:4]
    axes = list(range(-len(known(shape)), 0))
    least = math.sqrt(float(known(eps, float(np.finfo(np.float32).eps)))) or float(np.finfo(np.float16).tiny)
    largest = mb.maximum(x=mb.reduce_max(x=mb.abs(x=x), axes=axes, keep_dims=True), y=np.float32(least))
    scaled = mb.real_div(x=x, y=largest)
    mean = mb.reduce_mean(x=mb.square(x=scaled), axes=axes, keep_dims=True)
    root = mb.sqrt(x=mb.add(x=mean, y=mb.square(x=mb.real_div(x=np.float32(least), y=largest))))
    value = mb.real_div(x=scaled, y=root)
    finish(context, node, value if weight is None else mb.mul(x=value, y=weight))
