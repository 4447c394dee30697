"""The TorchScript graph that is converted: a copy, with fixed arguments built in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch

from ..diagnostics import Diagnostic
from ..errors import fail
from .dicts import flatten_dicts
from .inputs import ConvertedInput

Compiled: TypeAlias = "torch.jit.ScriptModule | torch.jit.ScriptFunction[Any, Any]"


@dataclass
class Source:
    """Stands in for a ScriptModule where coremltools asks for its graph, weights and submodules.

    coremltools inlines and renames in the graph that it is given, so it gets a copy: the module is the user's, and is
    saved and shown after the conversion.
    """

    script_module: torch.jit.ScriptModule
    """What coremltools is called with; an empty one where a function is converted."""
    module: torch.nn.Module | None
    """The compiled model, None for a function."""
    graph: Any
    """torch._C.Graph; its type stubs lack half of its methods."""
    left_out: list[Diagnostic] = field(default_factory=list)
    """What of the model is not in the graph any more."""

    @property
    def forward(self) -> "Source":
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.script_module, name)


def source_of(compiled: Compiled, method: str, inputs: Sequence[ConvertedInput]) -> Source:
    """Return what is to be converted of a compiled module or function.

    Raises:
        ExportDeskError: ``recipe.input-count`` where the inputs do not fit the arguments.
    """
    if isinstance(compiled, torch.jit.ScriptModule):
        code = getattr(compiled, method)
        source = Source(compiled, compiled, code.graph.copy())
        arguments = code.schema.arguments[1:]
    else:
        graph: Any = compiled.graph.copy()
        first = graph.addInput("self")
        empty: torch.jit.ScriptModule = torch.jit.script(torch.nn.Identity().eval())
        first.setType(empty._c._type())
        graph.permuteInputs([len(list(graph.inputs())) - 1, *range(len(list(graph.inputs())) - 1)])
        source = Source(empty, None, graph)
        schema: Any = compiled.schema
        arguments = schema.arguments
    _build_in(source.graph, arguments, inputs)
    flatten_dicts(source.graph)
    return source


def _build_in(graph: Any, arguments: Sequence[Any], inputs: Sequence[ConvertedInput]) -> None:
    """Make constants of the arguments that are no tensors or were left out."""
    values = list(graph.inputs())[1:]
    if len(values) != len(arguments):
        return  # a traced graph of an older torch, whose schema says nothing; coremltools compares the counts
    missing = [argument.name for argument in arguments[len(inputs) :] if not argument.has_default_value()]
    if missing or len(inputs) > len(arguments):
        fail(
            "recipe.input-count",
            f"The compiled model takes {len(arguments)} argument(s) "
            f"({', '.join(argument.name for argument in arguments)}), and the recipe gives {len(inputs)}.",
            hint=f"Add an input for {missing[0]!r}." if missing else "Remove the inputs that it does not take.",
        )
    fixed = [item.value for item in inputs if item.is_value]
    fixed += [argument.default_value for argument in arguments[len(inputs) :]]
    positions = [position for position, item in enumerate(inputs) if item.is_value]
    positions += range(len(inputs), len(arguments))
    nodes = list(graph.nodes())
    for position, value in reversed(list(zip(positions, fixed, strict=True))):
        if nodes:
            graph.setInsertPoint(nodes[0])
        constant = graph.insertConstant(value)
        values[position].replaceAllUsesWith(constant)
        graph.eraseInput(position + 1)
    graph.setInsertPoint(graph.block())
    if positions:
        # The branches that a fixed argument decides must not reach the converter.
        torch._C._jit_pass_inline(graph)
        torch._C._jit_pass_constant_propagation_immutable_types(graph)  # type: ignore[attr-defined]
