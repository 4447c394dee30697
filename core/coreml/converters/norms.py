"""Norms as scripts write them: with the order alone."""

from typing import Any

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
