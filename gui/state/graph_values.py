"""What nodes of a graph can be coloured by: what was measured, how large they are, how they were compiled. No Qt."""

from math import prod

from ...core.graph.model import Graph, parse_shape
from ...core.results import LayerError, TimesResult
from .modes import effective_modes
from .session import Session

_BYTES = {"float64": 8, "int64": 8, "complex64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2}
ERROR_REMARK = (
    "Difference from the model in the Core ML check, as a share of the largest magnitude; known for few operations."
)
MEMORY_REMARK = "Size of what each operation gives, from shapes and types; weights are not counted."
Numbers = dict[str, float]
"""Node id to a number; larger is worse."""


def errors_of_nodes(graph: Graph, layers: tuple[LayerError, ...]) -> Numbers:
    """Return the largest relative error of each node: of the value itself, or else of its module."""
    by_value, by_module = ({}, {}) if not layers else _errors(layers)
    found: Numbers = {}
    for identity, module, outputs in zip(graph.nodes.id, graph.nodes.module, graph.nodes.outputs, strict=True):
        error = next((by_value[name] for name in outputs if name in by_value), by_module.get(module))
        if error is not None:
            found[identity] = error
    return found


def _errors(layers: tuple[LayerError, ...]) -> tuple[Numbers, Numbers]:
    by_value: Numbers = {}
    by_module: Numbers = {}
    for layer in layers:
        # No number is the worst there is: the value, or the model's own, is infinite.
        error = 1.0 if layer.max_relative_error is None else min(1.0, layer.max_relative_error)
        by_value[layer.value] = max(error, by_value.get(layer.value, 0.0))
        if layer.module:
            by_module[layer.module] = max(error, by_module.get(layer.module, 0.0))
    return by_value, by_module


def bytes_of_nodes(graph: Graph) -> Numbers:
    """Return the size of what each node gives, where its shape is known."""
    found: Numbers = {}
    columns = zip(graph.nodes.id, graph.nodes.shape, graph.nodes.dtype, graph.nodes.kind, strict=True)
    for identity, shape, dtype, kind in columns:
        sizes = parse_shape(shape) if kind != "constant" else None
        numbers = [size for size in sizes or () if isinstance(size, int)]
        if sizes is not None and len(numbers) == len(sizes):
            found[identity] = float(prod(numbers) * _BYTES.get(dtype, 1))
    return found


def times_of(session: Session, graph: Graph) -> TimesResult | None:
    """Return what was measured of the operations of a graph on show."""
    shown = session.shown
    if shown is None:
        return None
    file = next((file for file, known in shown.graphs.items() if known is graph), "")
    return shown.times.get(file)


def modes_of_nodes(graph: Graph, session: Session) -> dict[str, str]:
    """Return "traced" or "scripted" for each node, as the export did it; empty where the modules are not known."""
    inspection, document = session.inspection, session.document
    if inspection is None or document is None:
        return {}
    recipe = session.exported.recipe if session.exported is not None else document.recipe
    modes = effective_modes(inspection.modules, recipe.marks)
    words = {"trace": "traced", "script": "scripted"}
    columns = zip(graph.nodes.id, graph.nodes.module, graph.nodes.kind, strict=True)
    return {
        identity: words[modes[module]]
        for identity, module, kind in columns
        if module in modes and kind not in ("input", "output")
    }
