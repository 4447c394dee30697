"""Convert a TorchScript module to a Core ML package."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from ..diagnostics import Diagnostic
from ..errors import fail
from ..job_context import JobContext
from ..mil.scopes import Origins
from ..recipe.model import CoreML
from .control_flow import missing_control_flow
from .conversion import ConvertedModel, check_choices, run_conversion
from .graph_edits import keep_outputs, put_in_mean_and_std
from .inputs import ConvertedInput
from .locating import Location, all_nodes, attribute_path, find_node, locate
from .origins import origins_of
from .preflight import preflight_of, ready_source
from .source import Compiled, Source, source_of
from .watching import Watch, watching


def convert(
    module: Compiled,
    inputs: Sequence[ConvertedInput],
    options: CoreML,
    context: JobContext,
    *,
    method: str = "forward",
    staging: Path | None = None,
    folder: Path | None = None,
) -> ConvertedModel:
    """Convert a traced, scripted or mixed module, or a compiled function; it stays as it was.

    Args:
        module: compiled model, on the CPU or any other device.
        inputs: one for each argument of the method, in order; arguments left out at the end take their defaults.
        options: of the recipe.
        context: gets progress and diagnostics, and may cancel.
        method: the method of the module to convert.
        staging: existing folder in which the package is made; one on the file system of the final place makes
            ``ConvertedModel.save`` a rename. The system's temporary folder where it is None.
        folder: of the recipe, that a labels file is relative to.

    Raises:
        ExportDeskError: ``recipe.*`` for choices that do not fit together, ``convert.*`` for what coremltools cannot.
        Cancelled: the user cancelled.
    """
    check_choices(inputs, options)
    subject = _ScriptSubject(edited_source(module, method, inputs, options), module)
    return run_conversion(subject, inputs, options, context, staging=staging, folder=folder)


class _ScriptSubject:
    """A ``Subject`` of TorchScript."""

    def __init__(self, source: Source, module: Compiled) -> None:
        self._source = source
        self.handed_over = source.script_module
        self.buffers: Mapping[str, torch.Tensor] = (
            dict(module.named_buffers()) if isinstance(module, torch.nn.Module) else {}
        )

    def preflight(self) -> list[Diagnostic]:
        return preflight_of(self._source)

    def watching(self, context: JobContext) -> AbstractContextManager[Watch]:
        return watching(context, self._source)

    def place(self, watch: Watch, kind: str, name: str, inputs: Sequence[str]) -> Location:
        node = find_node(watch.graph, name, kind, list(inputs)) if watch.graph is not None else None
        return Location() if node is None else locate(node, self._source.module)

    def notes(self, program: Any, watch: Watch) -> list[Diagnostic]:
        return [] if watch.graph is None else missing_control_flow(watch.graph, program, self._source)

    def origins(self, program: Any, watch: Watch, folder: Path | None) -> Origins:
        return origins_of(program, self._source, watch.graph, folder)


def edited_source(module: Compiled, method: str, inputs: Sequence[ConvertedInput], options: CoreML) -> Source:
    """Return the graph to convert, with the changes that the options ask for."""
    source = ready_source(source_of(module, method, inputs), inputs)
    _check_states_are_used(source, options)
    keep_outputs(source.graph, options)
    for position, item in enumerate(item for item in inputs if not item.is_value):
        given = options.inputs.get(item.name)
        if given is not None and given.image is not None and given.image.exact:
            put_in_mean_and_std(source.graph, position, given.image)
    return source


def _check_states_are_used(source: Source, options: CoreML) -> None:
    """Refuse a state that the method neither reads nor writes: coremltools fails on it without a word of the reason."""
    if not options.states or source.module is None:
        return
    inlined = source.graph.copy()
    torch._C._jit_pass_inline(inlined)
    read = {".".join(attribute_path(node.output())) for node in all_nodes(inlined) if node.kind() == "prim::GetAttr"}
    buffers = dict(source.module.named_buffers())
    for path in options.states:
        if path in buffers and path not in read:
            fail(
                "recipe.unused-state",
                f"The model neither reads nor writes its buffer {path!r} here, so it cannot be a state.",
                module=path.rpartition(".")[0],
                hint="Take it out of [coreml] states. A trace does not record an assignment (self.state = ...): write "
                "self.state.copy_(...) instead.",
            )
