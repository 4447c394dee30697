"""``Tensor.new_ones``: missing in coremltools 9.0 (BERT's and BART's masks in transformers 5)."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of, known, shape_argument
from .dtypes import one_of
from .supply import supplied


@supplied("new_ones")
def new_ones(context: Any, node: Any) -> None:
    like, size, *rest = inputs_of(context, node)
    value = one_of(known(rest[0]) if rest else None, like)
    shape = shape_argument(size)
    if getattr(shape, "val", shape) is not None and len(getattr(shape, "val", shape)) == 0:
        context.add(mb.const(val=value, name=node.name))
        return
    context.add(mb.fill(shape=shape, value=value, name=node.name))
