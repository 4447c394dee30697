"""Pooling of one image without a batch axis, (channels, height, width), on which coremltools 9.0 stops."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import inputs_of
from .supply import Translation, completed

_AXES = {"max_pool1d": 3, "max_pool2d": 4, "max_pool3d": 5, "avg_pool1d": 3, "avg_pool2d": 4, "avg_pool3d": 5}
"""Rank of the batched input."""


@completed(*_AXES)
def pool(context: Any, node: Any, own: Translation) -> None:
    x = inputs_of(context, node)[0]
    if x.rank != _AXES[node.kind.partition(".")[0]] - 1:
        own(context, node)
        return
    name, batched = node.inputs[0], f"{node.inputs[0]}_batched_for_{node.name}"
    context.add(mb.expand_dims(x=x, axes=[0], name=batched), batched)
    node.inputs[0] = batched
    own(context, node)
    node.inputs[0] = name
    context.add(mb.squeeze(x=context[node.name], axes=[0]), torch_name=node.name, override=True)
