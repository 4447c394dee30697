"""A method of a model as a ``torch.export`` program, or the located reason why it cannot be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from ..errors import fail
from ..inputs.binding import Arguments, Binding
from ..model_file.loading import LoadedModel
from ..model_file.user_errors import users_place
from ..recipe.model import Dimension, Input, RangeDimension
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from . import torch_export

if TYPE_CHECKING:
    from torch.export import ExportedProgram


@dataclass(frozen=True, kw_only=True)
class ExportedEntry:
    """A program for each exported method; ``torch.export`` has no module with several."""

    programs: "Mapping[str, ExportedProgram]"
    kind: ClassVar[str] = "exported"

    def arguments(self, method: str, arguments: Arguments) -> Arguments:
        """Return what the method's program takes for a call of the model's method: the same."""
        return arguments

    def file_of(self, method: str, stem: Path) -> Path:
        """Return the method's file, beside ``stem``."""
        name = stem.name if len(self.programs) == 1 else f"{stem.name}-{method}"
        return stem.with_name(f"{name}.pt2")


def export_method(loaded: LoadedModel, method: str, binding: Binding, calls: Sequence[Arguments]) -> "ExportedProgram":
    """Export one method of a model; the model is afterwards as it was.

    Args:
        binding: the inputs, whose flexible dimensions stay flexible in the program.
        calls: of the method; the program is made with the first on which ``torch.export`` fixes no flexible size.

    Raises:
        ExportDeskError: ``export.*``, with file and line.
    """
    module = _as_module(loaded)
    arguments = fresh(_example(calls, binding))
    shapes = _dynamic_shapes(arguments, binding)
    own = vars(module).get("forward")
    if method != "forward":
        vars(module)["forward"] = loaded.callable(method)
    try:
        with state_kept(module), inference():
            program = torch_export.export(module, arguments.positional, arguments.keyword, shapes)
    except Exception as error:
        _explain(error, loaded.entry)
    finally:
        if method != "forward":
            vars(module).pop("forward")
            if own is not None:
                vars(module)["forward"] = own
    _check_flexible(program, binding, loaded.entry)
    return program


def tensor_inputs(program: "ExportedProgram") -> list[torch.fx.Node]:
    """Return the placeholders of the tensors that a caller passes, in order."""
    names = set(program.graph_signature.user_inputs)
    return [
        node
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in names and isinstance(node.meta.get("val"), torch.Tensor)
    ]


class _Function(torch.nn.Module):
    """A function as a module: ``torch.export`` takes modules only."""


def _as_module(loaded: LoadedModel) -> torch.nn.Module:
    if loaded.is_script:
        fail(
            "export.torchscript",
            f"{loaded.file.name} is TorchScript, which torch.export cannot take apart.",
            file=str(loaded.file),
            hint='Export it in the lane "torchscript", or give the Python file that it was made from.',
        )
    if loaded.module is not None:
        return loaded.module
    module = _Function()
    vars(module)["forward"] = loaded.function
    return module


def _example(calls: Sequence[Arguments], binding: Binding) -> Arguments:
    """Return a call whose flexible sizes are all above 1: torch.export takes a 1 for a size that never changes."""
    for call in calls:
        sizes = [
            size
            for item, value in zip(binding.inputs, [*call.positional, *call.keyword.values()], strict=True)
            for leaf, tensor in _leaves(item, value)
            for size, dimension in zip(tensor.shape, leaf.shape or (), strict=False)
            if not isinstance(dimension, int)
        ]
        if min(sizes, default=2) > 1:
            return call
    return calls[0]


def _leaves(item: Input, value: Any) -> list[tuple[Input, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        return [(item, value)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [row for inner, part in zip(item.items, value, strict=False) for row in _leaves(inner, part)]
    return []


def _dynamic_shapes(arguments: Arguments, binding: Binding) -> dict[str, Any] | tuple[Any, ...] | None:
    if not any(_is_flexible(item) for item in binding.inputs):
        return None
    positional = tuple(
        _shape_of(item, value) for item, value in zip(binding.positional, arguments.positional, strict=True)
    )
    if not arguments.keyword:
        return positional
    keyword = {
        name: _shape_of(item, value)
        for (name, value), item in zip(arguments.keyword.items(), binding.keyword, strict=True)
    }
    # Keyword arguments are found by their names, and so are all where there is one.
    return {item.name: shape for item, shape in zip(binding.positional, positional, strict=True)} | keyword


def _is_flexible(item: Input) -> bool:
    return item.is_flexible or any(_is_flexible(member) for member in item.items)


def _shape_of(item: Input, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        sizes = {axis: _dimension(size) for axis, size in enumerate(item.shape or ()) if not isinstance(size, int)}
        return sizes or None
    if isinstance(value, dict):
        return {name: _shape_of(part, value[name]) for name, part in zip(value, item.items, strict=True)}
    if isinstance(value, list | tuple):
        return type(value)(_shape_of(part, inner) for part, inner in zip(item.items, value, strict=True))
    return None


def _dimension(size: Dimension) -> Any:
    from torch.export import Dim

    # AUTO lets two inputs share a size, where a named dimension each would be refused.
    low, high = (size.min, size.max) if isinstance(size, RangeDimension) else (min(size), max(size))  # type: ignore[arg-type]
    return Dim.AUTO(min=low, max=high)


def _check_flexible(program: "ExportedProgram", binding: Binding, entry: str) -> None:
    """Refuse a program in which a size is fixed that the recipe lets the app choose."""
    leaves = [leaf for item in binding.inputs for leaf in _tensor_items(item)]
    for leaf, node in zip(leaves, tensor_inputs(program), strict=True):
        for axis, (wanted, size) in enumerate(zip(leaf.shape or (), node.meta["val"].shape, strict=False)):
            # A size that was flexible and turned out to be fixed is a symbol that prints as its number.
            is_fixed = str(size).isdigit()
            if not isinstance(wanted, int) and is_fixed and len(set(_sizes(wanted))) > 1:
                fail(
                    "export.fixed-size",
                    f"Dimension {axis} of the input {leaf.name!r} is to be flexible, and {entry} works with "
                    f"{size} only, as torch.export sees it.",
                    hint="Look for a size that is written into the code, or make the dimension fixed.",
                )


def _sizes(dimension: Dimension) -> tuple[int, ...]:
    if isinstance(dimension, RangeDimension):
        return dimension.min, dimension.max
    return dimension if isinstance(dimension, tuple) else (dimension,)


def _tensor_items(item: Input) -> list[Input]:
    if item.kind == "tensor":
        return [item]
    return [leaf for member in item.items for leaf in _tensor_items(member)]


def _explain(error: Exception, entry: str) -> Any:
    file, line = users_place(error)
    text = next((row.strip() for row in str(error).splitlines() if row.strip()), type(error).__name__)
    code, message, hint = (
        "export.failed",
        f"torch.export cannot export {entry}: {type(error).__name__}: {text}",
        'Rewrite the line with tensor operations, or export in the lane "torchscript".',
    )
    if type(error).__name__.startswith("GuardOnDataDependent") or "data-dependent" in text:
        code = "export.data-dependent"
        message = f"torch.export cannot export {entry}: what the code does next depends on the values of a tensor here."
        hint = (
            'Use torch.where or torch.cond, or export in the lane "torchscript" with this submodule marked as script.'
        )
    elif "onstraint" in text:
        code = "export.fixed-size"
        hint = "Make the dimension fixed in the recipe, or look for a size that is written into the code."
    fail(code, message, file=file, line=line, hint=hint, cause=error)
