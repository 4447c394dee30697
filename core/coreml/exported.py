"""Convert a ``torch.export`` program to a Core ML package, by way of ``run_decompositions``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..diagnostics import Diagnostic, Severity, without_repeats
from ..exported import torch_export
from ..job_context import JobContext
from ..mil.scopes import Origins, walk
from ..recipe.model import CoreML
from .conversion import ConvertedModel, check_choices, run_conversion
from .exported_edits import fill_in_arguments, keep_outputs, put_in_mean_and_std, remove_fixed_inputs
from .exported_places import Places
from .inputs import ConvertedInput
from .locating import Location, source_line
from .origins import portable_name
from .preflight import LARGEST_INT32, UNSUPPORTED_DTYPES
from .remedies import remedy
from .toolkit import version_note
from .watching import Watch, telling

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def convert_exported(
    program: "ExportedProgram",
    inputs: Sequence[ConvertedInput],
    options: CoreML,
    context: JobContext,
    *,
    staging: Path | None = None,
    folder: Path | None = None,
) -> ConvertedModel:
    """Convert a program; it stays as it was. Arguments and errors are those of ``convert.convert``."""
    check_choices(inputs, options)
    context.progress(None, "decomposing operations")
    decomposed = decompose(program)
    places = Places(decomposed.graph)
    remove_fixed_inputs(decomposed)
    keep_outputs(decomposed, options)
    leaves = [leaf for item in inputs for leaf in item.leaves]
    for position, leaf in enumerate(leaves):
        given = options.inputs.get(leaf.name)
        if given is not None and given.image is not None and given.image.exact:
            put_in_mean_and_std(decomposed, position, given.image)
    subject = _ExportedSubject(decomposed, places)
    flat = [ConvertedInput(name=leaf.name, shape=leaf.shape, dtype=leaf.dtype) for leaf in leaves]
    return run_conversion(subject, flat, options, context, staging=staging, folder=folder)


def decompose(program: "ExportedProgram") -> "ExportedProgram":
    """Return a program without writes in place, in which what has no translation is made of simpler operations.

    coremltools' guide gives an empty table; torch's own knows how several hundred operations are made of others.
    """
    from .converters.supply import is_translated

    plain = torch_export.decomposed(program)
    if all(is_translated(kind_of(node)) for node in plain.graph.nodes if node.op == "call_function"):
        return plain
    unknown = [one for one in torch_export.decomposable() if not is_translated(str(one.name()))]
    return torch_export.decomposed(program, unknown)


class _ExportedSubject:
    """A ``Subject`` of ``torch.export``."""

    def __init__(self, program: "ExportedProgram", places: Places) -> None:
        self.handed_over = program
        self.buffers: Mapping[str, torch.Tensor] = dict(program.named_buffers())
        self._places = places

    def preflight(self) -> list[Diagnostic]:
        found = [*obstacles(self.handed_over, self._places), *filter(None, [version_note()])]
        fill_in_arguments(self.handed_over)
        self._places.hide_in(self.handed_over.graph)
        return without_repeats(found)

    def watching(self, context: JobContext) -> AbstractContextManager[Watch]:
        return telling(context)

    def place(self, watch: Watch, kind: str, name: str, inputs: Sequence[str]) -> Location:
        return self._places.of(name)

    def notes(self, program: Any, watch: Watch) -> list[Diagnostic]:
        return []

    def origins(self, program: Any, watch: Watch, folder: Path | None) -> Origins:
        modules: dict[str, str] = {}
        lines: dict[str, tuple[str, int]] = {}
        for function in program.functions.values():
            for operation in walk(function):
                place = self._places.of_operation(operation)
                for variable in operation.outputs if operation.op_type != "const" else ():
                    if place.module is not None:
                        modules[variable.name] = place.module
                    if place.file and place.line:
                        lines[variable.name] = (portable_name(place.file, folder), place.line)
        return Origins(modules, lines)


def obstacles(program: "ExportedProgram", places: Places) -> Iterator[Diagnostic]:
    """Yield an error for each thing in a decomposed program that Core ML cannot have."""
    from .converters.supply import is_translated

    unknown: dict[str, list[Any]] = {}
    for node in program.graph.nodes:
        if node.op == "call_function" and not is_translated(kind_of(node)):
            unknown.setdefault(kind_of(node).rpartition("::")[2], []).append(node)
    for name, nodes in unknown.items():
        count = "" if len(nodes) == 1 else f" (used {len(nodes)} times)"
        yield _located(
            nodes[0],
            places,
            code="convert.unsupported-operation",
            message=f"Core ML conversion has no translation of the operation {name!r}{count}.",
            hint=remedy(name.partition(".")[0]),
        )
    for node in program.graph.nodes:
        value = node.meta.get("val")
        dtype = value.dtype if isinstance(value, torch.Tensor) else None
        numbers = [one for one in node.args if type(one) is int and abs(one) > LARGEST_INT32 + 1]
        if node.op == "call_function" and numbers and "slice" not in kind_of(node):
            yield _located(
                node,
                places,
                code="convert.int64-overflow",
                message=f"A constant holds {numbers[0]:,}, which does not fit Core ML's 32-bit integers.",
                hint="Use a value within ±2,147,483,647, or a floating type.",
            )
        if dtype in UNSUPPORTED_DTYPES:
            yield _located(
                node,
                places,
                code="convert.unsupported-dtype",
                message=f"{node.name!r} is {str(dtype).removeprefix('torch.')}, and Core ML has no such tensors.",
                hint=UNSUPPORTED_DTYPES[dtype],
            )
            break
    for spec in program.graph_signature.output_specs:
        if spec.kind.name == "USER_INPUT_MUTATION":
            yield _located(
                next(node for node in program.graph.nodes if node.name == spec.arg.name),
                places,
                code="convert.in-place-on-input",
                message=f"The model writes into its input {spec.target!r}, and a Core ML model cannot.",
                hint="Work on a copy: x = x.clone(); or keep the value in a buffer, as a state.",
            )


def _located(node: Any, places: Places, *, code: str, message: str, hint: str | None) -> Diagnostic:
    place = places.of(node.name)
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        message=message,
        module=place.module,
        file=place.file,
        line=place.line,
        source=source_line(place),
        hint=hint,
    )


def kind_of(node: Any) -> str:
    """Return what coremltools looks the translation of a node up by: ``aten::diff``."""
    try:
        return str(node.target.name())
    except (AttributeError, TypeError):
        return str(getattr(node.target, "__name__", node.target))
