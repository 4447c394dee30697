"""The Core ML side of an export: one compiled method converted and saved, or the reason why there is none."""

import importlib.util
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from .coreml.inputs import RESERVED_NAMES, ConvertedInput
from .inputs.binding import Arguments, Binding
from .job_context import JobContext
from .recipe.model import CoreMLOutput, Input, Recipe
from .results import CoreMLSummary
from .torchscript.schema import taken_names
from .torchscript.torch_jit import Compiled


@dataclass(frozen=True, kw_only=True)
class CoreMLOutcome:
    """``package`` is None where nothing could be converted here, and ``reason`` says why."""

    method: str
    package: Path | None = None
    summary: CoreMLSummary | None = None
    reason: str = ""


def convert_and_save(
    *,
    compiled: Compiled,
    traced: Collection[str],
    bindings: Mapping[str, Binding],
    example: Arguments,
    output_paths: Mapping[str, tuple[str, ...]],
    recipe: Recipe,
    stem: Path,
    folder: Path,
    context: JobContext,
) -> CoreMLOutcome:
    """Convert the first exported method, called with ``example``, and save the package.

    Outputs that the recipe does not name are named after their place in the model's own output: coremltools would
    number them by the operations before them, and an app would break with each change of the model.

    Args:
        traced: methods that are traced, and so have no arguments but tensors.

    Raises:
        ExportDeskError: ``convert.*`` or ``recipe.*`` from the converter.
    """
    method = next(iter(bindings))
    if importlib.util.find_spec("coremltools") is None:
        return CoreMLOutcome(
            method=method,
            reason="coremltools is not installed; version 9.0 exists for macOS and Linux only",
        )
    from .coreml.convert import convert
    from .coreml.summary import summarise

    inputs = _converted_inputs(compiled, bindings[method], example, method, is_traced=method in traced)
    package = stem.with_name(stem.name + ".mlpackage")
    options = recipe.coreml
    if not options.outputs and options.convert_to == "mlprogram":
        names = output_names(output_paths[method], taken=[item.name for item in inputs])
        options = msgspec.structs.replace(options, outputs=tuple(CoreMLOutput(name=name) for name in names))
    made = convert(compiled, inputs, options, context, method=method, staging=stem.parent, folder=folder)
    package = made.save(package)
    return CoreMLOutcome(method=method, package=package, summary=summarise(package, recipe.coreml))


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


def _converted_inputs(
    compiled: Compiled, binding: Binding, example: Arguments, method: str, *, is_traced: bool
) -> list[ConvertedInput]:
    """Return an input for each argument that the compiled method has; a trace has dropped those that are no tensors."""
    taken = taken_names(compiled, method)
    values = [*example.positional, *example.keyword.values()]
    rows = list(zip(binding.inputs, values, strict=True))
    if len(rows) > len(taken) or is_traced:
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
