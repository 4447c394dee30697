"""``clamp_min`` and ``clamp_max`` with an operand of another type, on which coremltools 9.0 stops."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import finish, inputs_of, same_type
from .supply import Translation, completed


@completed("clamp_min")
def clamp_min(context: Any, node: Any, own: Translation) -> None:
    _clamp(context, node, own, mb.maximum)


@completed("clamp_max")
def clamp_max(context: Any, node: Any, own: Translation) -> None:
    _clamp(context, node, own, mb.minimum)


def _clamp(context: Any, node: Any, own: Translation, bound: Any) -> None:
    x, edge = inputs_of(context, node)[:2]
    if x.dtype == edge.dtype:
        own(context, node)
        return
    first, second = same_type(x, edge)
    finish(context, node, bound(x=first, y=second))
