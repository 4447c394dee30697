"""What is known of the thing that is selected: an operation of a graph, a module, or a line."""

from pathlib import Path

from ...core.graph.model import Graph
from ...core.graph.times import seconds_text, time_text, total_seconds
from ...core.results import LayerError
from .graph_values import times_of
from .modes import effective_modes
from .session import Session

Facts = tuple[tuple[str, str], ...]
"""What each is called, and what it is."""


def selected_facts(session: Session) -> tuple[str, Facts]:
    """Return a heading and what is known; an empty heading where nothing is selected."""
    selection = session.selection
    facts: list[tuple[str, str]] = []
    heading = ""
    graph, node = _node(session)
    value = ""
    if graph is not None:
        nodes = graph.nodes
        heading = nodes.label[node] or nodes.op[node]
        value = nodes.outputs[node][0] if nodes.outputs[node] else ""
        facts.append(("Operation", nodes.op[node]))
        facts += [("Reads", text) for text in _read_by(graph, node)]
        given = " ".join(part for part in (nodes.shape[node], nodes.dtype[node]) if part)
        facts += [("Gives", given)] if given else []
        facts += [("Details", nodes.detail[node])] if nodes.detail[node] else []
        facts += _time(session, graph, node)
    facts += _module_facts(session)
    if selection.module is not None and not heading:
        heading = selection.module or "The whole model"
    if selection.file and selection.line:
        place = f"{Path(selection.file).name}, line {selection.line}"
        heading = heading or place
        facts.append(("Line", place))
    layers = session.exported.result.layers if session.exported else ()
    facts += _errors(layers, selection.module, value)
    return heading, tuple(facts)


def _time(session: Session, graph: Graph, node: int) -> list[tuple[str, str]]:
    """Return what an operation took, or that it did not run, where times were measured."""
    measured = times_of(session, graph)
    if measured is None or graph.nodes.kind[node] != "operation" or not graph.nodes.outputs[node]:
        return []
    found = measured.times.get(graph.nodes.id[node])
    if found is None:
        return [("Time here", "did not run with these inputs")]
    total = total_seconds(measured)
    share = found.seconds / total if total else 0.0
    return [("Time here", f"{time_text(found)}, {share:.0%} of the {seconds_text(total)} of all operations")]


def _node(session: Session) -> tuple[Graph | None, int]:
    selection, shown = session.selection, session.shown
    if shown is None or not selection.node or selection.graph is None:
        return None, -1
    file = shown.compiled if selection.graph == "torchscript" else shown.files.get(selection.graph, "")
    graph = shown.graphs.get(file)
    if graph is None or selection.node not in graph.nodes.id:
        return None, -1
    return graph, graph.nodes.id.index(selection.node)


def _read_by(graph: Graph, node: int) -> list[str]:
    edges = graph.edges
    found = []
    for edge in range(len(edges)):
        if edges.target[edge] == node:
            source = graph.nodes.label[edges.source[edge]]
            what = " ".join(part for part in (edges.shape[edge], edges.dtype[edge]) if part)
            found.append(f"{what} of {source}" if what else source)
    return found[:8]


def _module_facts(session: Session) -> Facts:
    path, inspection, document = session.selection.module, session.inspection, session.document
    row = next((row for row in inspection.modules if row.path == path), None) if inspection else None
    if row is None or inspection is None or document is None:
        return (("Module", path or "the model"),) if path is not None and session.selection.node else ()
    facts = [("Module", f"{row.path or 'the model'} ({row.type_name})")]
    if row.parameter_count:
        facts.append(("Parameters", f"{row.parameter_count:,}"))
    if not row.is_container:
        mode = effective_modes(inspection.modules, document.recipe.marks)[row.path]
        facts.append(("Compiled by", "tracing" if mode == "trace" else "scripting"))
    if row.shared_with is not None:
        facts.append(("Same as", row.shared_with or "the model"))
    if row.training_sensitive:
        facts.append(("In training", "behaves differently"))
    problems = sum(diagnostic.module == path for diagnostic in session.diagnostics)
    if problems:
        facts.append(("Problems", str(problems)))
    return tuple(facts)


def _errors(layers: tuple[LayerError, ...], module: str | None, value: str) -> Facts:
    """Return the measured error of a value of the Core ML program, else of the module's last call."""
    found = [layer for layer in layers if layer.value == value] or [layer for layer in layers if layer.module == module]
    if not found:
        return ()
    layer = found[-1]
    facts = []
    if layer.max_absolute_error is not None:
        facts.append(("Largest error", f"{layer.max_absolute_error:.2g}, in the package's own precision"))
    if layer.psnr_db is not None:
        facts.append(("Agreement", f"{layer.psnr_db:.0f} dB"))
    if layer.overflowing:
        facts.append(("Too large for 16 bit", f"{layer.overflowing:,} of {layer.elements:,} numbers"))
    return tuple(facts)
