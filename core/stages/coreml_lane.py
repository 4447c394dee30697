"""The Core ML side of an export: compiled methods converted and saved, or the reason why there is no package."""

import gc
import importlib.util
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..coreml.inputs import RESERVED_NAMES, ConvertedInput
from ..exported.program import ExportedEntry
from ..inputs.binding import Arguments, Binding
from ..job_context import JobContext
from ..recipe.model import CoreML, CoreMLOutput, Input, Recipe
from ..results import CoreMLSummary
from ..torchscript.compile import CompiledEntry
from ..torchscript.schema import taken_names
from ..torchscript.torch_jit import Compiled
from .lane import Entry

if TYPE_CHECKING:
    from ..coreml.conversion import ConvertedModel

_LARGE_PACKAGE_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class ConvertedFunction:
    """One function of a package, as it is to be checked."""

    options: CoreML
    """That concern it."""
    name: str | None = None
    """None in a package that has only one."""
    method: str | None = None
    """Of the model; None where the function comes from another package."""
    origin: Path | None = None
    """That package."""
    source: str = "main"
    """The function's name there."""


@dataclass(frozen=True, kw_only=True)
class CoreMLOutcome:
    """``package`` is None where nothing could be converted here, and ``reason`` says why."""

    functions: tuple[ConvertedFunction, ...] = ()
    """The default one first."""
    package: Path | None = None
    summary: CoreMLSummary | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ConversionSource:
    """What is converted, and how its methods are called."""

    entry: Entry
    bindings: Mapping[str, Binding]
    examples: Mapping[str, Arguments]
    output_paths: Mapping[str, tuple[str, ...]]
    folder: Path
    """Of the recipe, that a labels file and other packages are relative to."""

    def inputs(self, method: str) -> list[ConvertedInput]:
        """Return an input for each argument that the compiled method has."""
        example, binding = self.examples[method], self.bindings[method]
        if isinstance(self.entry, ExportedEntry):
            return _converted_inputs(binding, example, taken=None)
        # A trace has dropped the arguments that are no tensors.
        taken = None if method in self.entry.forms else len(taken_names(self.entry.compiled, method))
        return _converted_inputs(binding, example, taken=taken)

    def convert(
        self, method: str, inputs: Sequence[ConvertedInput], options: CoreML, context: JobContext, *, staging: Path
    ) -> "ConvertedModel":
        """Convert a method by coremltools."""
        if isinstance(self.entry, ExportedEntry):
            from ..coreml.exported import convert_exported

            program = self.entry.programs[method]
            return convert_exported(program, inputs, options, context, staging=staging, folder=self.folder)
        from ..coreml.convert import convert

        compiled = self.entry.compiled
        return convert(compiled, inputs, options, context, method=method, staging=staging, folder=self.folder)

    @property
    def compiled(self) -> "Compiled | None":
        """The TorchScript that is converted, None in the other lane."""
        return self.entry.compiled if isinstance(self.entry, CompiledEntry) else None


def convert_and_save(*, source: ConversionSource, recipe: Recipe, stem: Path, context: JobContext) -> CoreMLOutcome:
    """Convert the first exported method, or what the recipe names as functions, and save the package.

    Raises:
        ExportDeskError: ``convert.*`` or ``recipe.*`` from the converter.
    """
    if importlib.util.find_spec("coremltools") is None:
        return CoreMLOutcome(reason="coremltools is not installed; version 9.0 exists for macOS and Linux only")
    from ..coreml.summary import summarise

    if recipe.coreml.functions:
        functions, package = _convert_functions(source, recipe.coreml, stem, context)
    else:
        method = next(iter(source.bindings))
        package = convert_method(source, method, recipe.coreml, stem, context)
        functions = (ConvertedFunction(options=recipe.coreml, method=method),)
    return CoreMLOutcome(functions=functions, package=package, summary=summarise(package, recipe.coreml))


def convert_method(source: ConversionSource, method: str, options: CoreML, stem: Path, context: JobContext) -> Path:
    """Convert one method and save it as a package of its own.

    Outputs that the recipe does not name are named after their place in the model's own output: coremltools would
    number them by the operations before them, and an app would break with each change of the model.
    """
    inputs = source.inputs(method)
    options = msgspec.structs.replace(options, outputs=outputs_of(source, method, options))
    made = source.convert(method, inputs, options, context, staging=stem.parent)
    package = made.save(stem.with_name(stem.name + ".mlpackage"))
    del made
    if sum(file.stat().st_size for file in package.rglob("*") if file.is_file()) >= _LARGE_PACKAGE_BYTES:
        # The program refers to itself, and keeps its copy of the weights until somebody looks for such circles.
        gc.collect()
    return package


def outputs_of(source: ConversionSource, method: str, options: CoreML) -> tuple[CoreMLOutput, ...]:
    """Return the outputs as they are converted: those of the recipe, or one for each that the model has."""
    if options.outputs or options.convert_to != "mlprogram":
        return options.outputs
    names = output_names(source.output_paths[method], taken=[item.name for item in source.inputs(method)])
    return tuple(CoreMLOutput(name=name) for name in names)


def _convert_functions(
    source: ConversionSource, options: CoreML, stem: Path, context: JobContext
) -> tuple[tuple[ConvertedFunction, ...], Path]:
    from ..coreml.functions import Part, check_source, join_functions, own_options
    from ..coreml.rules import check_function_inputs, check_options

    check_options(options)
    inputs = {item.name: _leaf_names(source, item.method) for item in options.functions if item.method is not None}
    check_function_inputs(options, {name for names in inputs.values() for name in names})
    origins = {
        item.name: Part(name=item.name, package=(source.folder / item.package).resolve(), source=item.source)
        for item in options.functions
        if item.package is not None
    }
    for part in origins.values():
        check_source(part)
    functions: list[ConvertedFunction] = []
    parts: list[Part] = []
    scratch = stem.with_name(f".{stem.name}.functions")
    scratch.mkdir()
    try:
        for item in options.functions:
            if item.method is None:
                part = origins[item.name]
                function = ConvertedFunction(options=options, name=item.name, origin=part.package, source=part.source)
            else:
                own = own_options(options, item, inputs[item.name])
                part = Part(
                    name=item.name, package=convert_method(source, item.method, own, scratch / item.name, context)
                )
                function = ConvertedFunction(options=own, name=item.name, method=item.method)
            parts.append(part)
            functions.append(function)
        package = stem.with_name(stem.name + ".mlpackage")
        context.progress(None, "putting the functions together")
        join_functions(parts, package, options.metadata, context)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return tuple(functions), package


def _leaf_names(source: ConversionSource, method: str) -> list[str]:
    return [leaf.name for item in source.inputs(method) for leaf in item.leaves]


def output_names(paths: Sequence[str], *, taken: Sequence[str]) -> list[str]:
    """Return a Core ML name for each output: ``output``; ``output_0``, ``output_1``; ``boxes`` for ``out["boxes"]``."""
    names: list[str] = []
    for path in paths:
        keys = re.findall(r"[A-Za-z0-9_]+", path)[1:]
        name = "_".join(keys) or "output"
        if not re.match(r"[A-Za-z_]", name):
            name = f"output_{name}"
        while name in names or name in taken or name in RESERVED_NAMES:
            name += "_out"
        names.append(name)
    return names


def _converted_inputs(binding: Binding, example: Arguments, *, taken: int | None) -> list[ConvertedInput]:
    """Return an input for each argument that what is converted has.

    Args:
        taken: how many arguments it takes; None where only tensors are left, as of a trace.
    """
    rows = list(zip(binding.inputs, [*example.positional, *example.keyword.values()], strict=True))
    if taken is None or len(rows) > taken:
        kept = (_only_tensors(item, value) for item, value in rows)
        rows = [row for row in kept if row is not None]
    return [_converted_input(item, value) for item, value in rows]


def _only_tensors(item: Input, value: Any) -> tuple[Input, Any] | None:
    """Return an input as a trace takes it: what is no tensor is left out, at any depth; None where nothing is left."""
    if item.kind == "value":
        return None
    if item.kind == "tensor":
        return item, value
    members = list(value.values()) if isinstance(value, dict) else list(value)
    kept = [row for pair in zip(item.items, members, strict=True) if (row := _only_tensors(*pair)) is not None]
    if not kept:
        return None
    items = tuple(member for member, _ in kept)
    inner = [member for _, member in kept]
    left: Any = inner
    if isinstance(value, dict):
        left = {member.name: held for member, held in kept}
    return msgspec.structs.replace(item, items=items), left


def _converted_input(item: Input, value: Any) -> ConvertedInput:
    if item.kind == "value":
        return ConvertedInput(name=item.name, is_value=True, value=item.value)
    if item.kind != "tensor":
        members = value.values() if isinstance(value, dict) else value
        items = tuple(_converted_input(*row) for row in zip(item.items, members, strict=True))
        return ConvertedInput(name=item.name, items=items)
    # A sample file has the last word on shape and dtype where the recipe leaves them out.
    shape = tuple(value.shape) if item.shape is None else item.shape
    return ConvertedInput(name=item.name, shape=shape, dtype=str(value.dtype).removeprefix("torch."))
