"""Changes to the copied graph that the Core ML options ask for: outputs left out, mean and std put in."""

from typing import Any

import torch

from ..errors import fail
from ..recipe.model import CoreML, CoreMLImage
from .images import mean_and_std

_CONTAINERS = ("prim::TupleConstruct", "prim::ListConstruct")


def keep_outputs(graph: Any, options: CoreML) -> None:
    """Leave out the outputs that the recipe does not keep, in place; all is kept where it says nothing.

    Raises:
        ExportDeskError: ``recipe.output-count`` where the recipe names more or fewer outputs than there are.
    """
    if all(output.keep for output in options.outputs):
        return
    torch._C._jit_pass_inline(graph)
    values = _leaves(list(graph.outputs()))
    if len(values) != len(options.outputs):
        fail(
            "recipe.output-count",
            f"The model returns {len(values)} tensors, and the recipe names {len(options.outputs)} outputs.",
            hint="Name each, in the order in which the model returns them, and set keep = false on those to leave out.",
        )
    kept = [value for value, output in zip(values, options.outputs, strict=True) if output.keep]
    if not kept:
        fail("recipe.output-count", "Every output is left out; a Core ML model needs at least one.")
    for position in reversed(range(len(list(graph.outputs())))):
        graph.eraseOutput(position)
    for value in kept:
        graph.registerOutput(value)


def _leaves(values: list[Any]) -> list[Any]:
    found = []
    for value in values:
        is_container = value.node().kind() in _CONTAINERS
        found += _leaves(list(value.node().inputs())) if is_container else [value]
    return found


def put_in_mean_and_std(graph: Any, position: int, image: CoreMLImage) -> None:
    """Compute (x - mean) / std at the beginning of the graph, in place, for the argument at ``position``.

    Core ML has one scale for all channels; this is exact for each.
    """
    argument = list(graph.inputs())[1 + position]
    users = [use.user for use in argument.uses()]
    mean, std = (torch.tensor(item, dtype=torch.float32).reshape(1, -1, 1, 1) for item in mean_and_std(image))
    first = next(iter(graph.nodes()))
    graph.setInsertPoint(first)
    one = graph.insertConstant(1)
    mean_value, std_value = graph.insertConstant(mean), graph.insertConstant(std)
    centred = graph.create("aten::sub", [argument, mean_value, one], 1)
    centred.insertBefore(first)
    scaled = graph.create("aten::div", [centred.output(), std_value], 1)
    scaled.insertBefore(first)
    for user in users:
        user.replaceInputWith(argument, scaled.output())
    graph.setInsertPoint(graph.block())
