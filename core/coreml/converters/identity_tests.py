"""``x is None`` and ``x is not None`` in scripted code: decided while converting."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of
from .supply import supplied


@supplied("is")
def is_same(context: Any, node: Any) -> None:
    context.add(mb.const(val=_is_same(*inputs_of(context, node)[:2]), name=node.name))


@supplied("isnot")
def is_other(context: Any, node: Any) -> None:
    context.add(mb.const(val=not _is_same(*inputs_of(context, node)[:2]), name=node.name))


def _is_same(first: Any, second: Any) -> bool:
    return first is second or (first is None and second is None)
