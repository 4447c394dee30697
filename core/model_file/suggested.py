"""Suggested inputs for a loaded model: what its file tells, made exact by its modules."""

from collections.abc import Mapping
from typing import Any

from ..errors import ExportDeskError
from ..results import EntryOutline, Parameter, SuggestedInput
from .layers import layer_row
from .loading import LoadedModel
from .module_tree import parameters_of
from .outline import outline_of
from .source import ModelSource, read_source
from .suggestions import suggest_from_layers, suggest_inputs


def suggested_inputs(
    loaded: LoadedModel, arguments: Mapping[str, Any], method: str = "forward"
) -> tuple[SuggestedInput, ...]:
    """Propose inputs for one method of a loaded model; empty where nothing tells of them.

    Args:
        loaded: the model, or a function.
        arguments: those of the constructor or factory, by name.
        method: a method of the model; ignored for a function.
    """
    modules = () if loaded.module is None else loaded.module.named_modules()
    layers = tuple(layer_row(path, module) for path, module in modules)
    signature = parameters_of(loaded.signature(method))
    if loaded.file.suffix != ".py":
        return suggest_from_layers(layers, signature)
    try:
        source = read_source(loaded.file)
        row = _row(source, loaded, method, signature)
        found = suggest_inputs(source, row, arguments=arguments, layers=layers)
    except (ExportDeskError, RecursionError):
        # The file was loaded, so it is only too deep for a look at its text.
        found = ()
    return found or (suggest_from_layers(layers, signature) if method == "forward" else ())


def _row(source: ModelSource, loaded: LoadedModel, method: str, signature: tuple[Parameter, ...]) -> EntryOutline:
    rows = {row.name: row for row in outline_of(source)}
    owner = rows.get(loaded.entry.removesuffix(f".{method}")) or rows.get(loaded.entry)
    if owner is not None and method == "forward":
        return owner
    name = loaded.entry if owner is None else f"{owner.name}.{method}"
    return rows.get(name) or EntryOutline(name=name, kind="method", line=1, signature=signature)
