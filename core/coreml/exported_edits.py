"""Changes to a decomposed program that coremltools needs, or that the Core ML options ask for; all in place."""

from typing import TYPE_CHECKING, Any

import torch

from ..errors import fail
from ..recipe.model import CoreML, CoreMLImage
from .images import mean_and_std

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_MEANINGLESS = (torch.device, torch.layout, torch.memory_format)
"""Arguments that a Core ML program does not have."""


def remove_fixed_inputs(program: "ExportedProgram") -> None:
    """Take out arguments that are no tensors: torch.export has built them in, and coremltools stumbles over them."""
    signature, graph = program.graph_signature, program.graph
    nodes = {node.name: node for node in graph.nodes if node.op == "placeholder"}
    kept = []
    for spec in signature.input_specs:
        node = nodes[spec.arg.name]
        if spec.kind.name == "USER_INPUT" and not isinstance(node.meta.get("val"), torch.Tensor):
            if not node.users:
                graph.erase_node(node)
                continue
            fail(
                "export.number-input",
                f"The input {spec.arg.name!r} is a number that the program computes with, and Core ML takes tensors.",
                hint="Pass it as a tensor.",
            )
        kept.append(spec)
    signature.input_specs[:] = kept


def keep_outputs(program: "ExportedProgram", options: CoreML) -> None:
    """Leave out the outputs that are no tensors, and those that the recipe does not keep.

    Raises:
        ExportDeskError: ``recipe.output-count`` where the recipe names more or fewer outputs than there are.
    """
    signature, graph = program.graph_signature, program.graph
    output = next(node for node in graph.nodes if node.op == "output")
    pairs = list(zip(signature.output_specs, output.args[0], strict=True))
    pairs = [pair for pair in pairs if isinstance(pair[1], torch.fx.Node)]
    users = [pair for pair in pairs if pair[0].kind.name == "USER_OUTPUT"]
    if options.outputs and len(users) != len(options.outputs):
        fail(
            "recipe.output-count",
            f"The model returns {len(users)} tensors, and the recipe names {len(options.outputs)} outputs.",
            hint="Name each, in the order in which the model returns them, and set keep = false on those to leave out.",
        )
    left_out = (
        [pair for pair, wanted in zip(users, options.outputs or (), strict=bool(options.outputs)) if not wanted.keep]
        if options.outputs
        else []
    )
    if users and len(left_out) == len(users):
        fail("recipe.output-count", "Every output is left out; a Core ML model needs at least one.")
    kept = [pair for pair in pairs if all(pair is not other for other in left_out)]
    signature.output_specs[:] = [spec for spec, _ in kept]
    output.args = (tuple(value for _, value in kept),)
    graph.eliminate_dead_code()


def put_in_mean_and_std(program: "ExportedProgram", position: int, image: CoreMLImage) -> None:
    """Compute (x - mean) / std at the beginning, for the tensor at ``position`` among the inputs."""
    from ..exported.program import tensor_inputs

    argument = tensor_inputs(program)[position]
    users = list(argument.users)
    graph: Any = program.graph
    with graph.inserting_before(next(node for node in graph.nodes if node.op not in ("placeholder", "get_attr"))):
        values = []
        for name, value in zip(("mean", "std"), mean_and_std(image), strict=True):
            attribute = f"_exportdesk_{argument.name}_{name}"
            tensor = torch.tensor(value, dtype=torch.float32).reshape(1, -1, 1, 1)
            program.graph_module.register_buffer(attribute, tensor)
            values.append(graph.get_attr(attribute))
        centred = graph.call_function(torch.ops.aten.sub.Tensor, (argument, values[0]))
        scaled = graph.call_function(torch.ops.aten.div.Tensor, (centred, values[1]))
    for user in users:
        user.replace_input_with(argument, scaled)


def fill_in_arguments(program: "ExportedProgram") -> None:
    """Write out the arguments that were left out or given by name, of the operations that we translate.

    Our translations read arguments by position, as TorchScript has them; coremltools' own know both forms.
    """
    from .converters.supply import supplied_names
    from .exported import kind_of

    ours = supplied_names()
    for node in program.graph.nodes:
        if node.op != "call_function" or kind_of(node).rpartition("::")[2].partition(".")[0] not in ours:
            continue
        values = [*node.args]
        for argument in node.target._schema.arguments[len(values) :]:
            values.append(node.kwargs.get(argument.name, argument.default_value))
        node.args = tuple(None if isinstance(value, _MEANINGLESS) else value for value in values)
        node.kwargs = {}
