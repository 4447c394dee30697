"""Finds what belongs together: the item of a graph that stands for a node, a module or a line. No Qt."""

from ...core.graph.diff import plain_name
from ...core.graph.model import Graph
from .spot import is_same_file

NOTHING = -1


def item_of_module(graph: Graph, path: str) -> int:
    """Return the first box, or else the first node, of a module; a node of the model itself for ``""``."""
    if path:
        for group, (module, kind) in enumerate(zip(graph.groups.module, graph.groups.kind, strict=True)):
            if module == path and kind != "chapter":
                return len(graph.nodes) + group
    columns = zip(graph.nodes.module, graph.nodes.kind, strict=True)
    found = (node for node, (module, kind) in enumerate(columns) if module == path and kind not in ("input", "output"))
    return next(found, NOTHING)


def nodes_of_line(graph: Graph, file: str, line: int, module: str | None = None, operation: str = "") -> list[int]:
    """Return the nodes that a line of source became, best first.

    Args:
        file: as a graph has it, or with more folders before it.
        module: nodes of this module come first.
        operation: nodes that do the same, in TorchScript or in Core ML, come before all others.
    """
    nodes = graph.nodes
    wanted = plain_name(operation) if operation else ""
    found = []
    for node in (nodes.line.array == line).nonzero()[0].tolist():
        if is_same_file(nodes.file[node], file):
            is_other = (bool(wanted) and plain_name(nodes.op[node]) != wanted, nodes.module[node] != module)
            found.append((is_other, node))
    return [node for _, node in sorted(found)]
