"""Python's own operations on lists in scripted code: ``sizes[0]``, ``len(parts)``, ``n in (2, 3)``."""

from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of, known, known_size
from .supply import Translation, completed, supplied


@completed("getitem")
def getitem(context: Any, node: Any, own: Translation) -> None:
    """Take one of the sizes of a tensor, of which coremltools gives all where the first is asked for."""
    items, index = inputs_of(context, node)[:2]
    if isinstance(items, list | tuple):
        own(context, node)
        return
    position = int(known(index))
    if position < 0:
        position += known_size(items, 0)
    context.add(mb.gather(x=items, indices=position, axis=0, name=node.name))


@supplied("not")
def negation(context: Any, node: Any) -> None:
    context.add(mb.logical_not(x=inputs_of(context, node)[0], name=node.name))


@supplied("len")
def length(context: Any, node: Any) -> None:
    items = inputs_of(context, node)[0]
    if isinstance(items, list | tuple):
        context.add(mb.const(val=np.int32(len(items)), name=node.name))
        return
    # Of a tensor, the size of its first axis.
    sizes = mb.shape(x=items)
    context.add(mb.gather(x=sizes, indices=0, axis=0, name=node.name))


@supplied("contains")
def contains(context: Any, node: Any) -> None:
    items, item = inputs_of(context, node)[:2]
    context.add(mb.const(val=known(item) in known(items), name=node.name))
