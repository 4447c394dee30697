"""From the pieces of a layout to the way of one edge."""

import numpy as np

from ..columns import IntArray
from ..model import NO_GROUP, Graph
from .engine import CLOSED, SOLID, Layout


def seen_items(graph: Graph, layout: Layout) -> IntArray:
    """Return, for each node, the item that stands for it: itself, its solid group, or the closed group around it."""
    nodes = len(graph.nodes)
    states, parents = layout.group_state.array, graph.groups.parent.array
    shown: list[int] = []
    for group, outer in enumerate(parents.tolist()):
        if outer != NO_GROUP and shown[outer] >= 0:
            shown.append(shown[outer])
        else:
            shown.append(group if states[group] in (CLOSED, SOLID) else -1)
    stands = np.asarray([*shown, -1], np.int32)[graph.nodes.group.array]
    return np.where(stands >= 0, stands + nodes, np.arange(nodes, dtype=np.int32)).astype(np.int32)


def last_pieces(graph: Graph, layout: Layout) -> IntArray:
    """Return, for each edge, the piece with which it reaches its target; -1 where it lies inside a closed group."""
    nodes = len(graph.nodes)
    if not len(graph.edges):
        return np.zeros(0, np.int32)
    seen = seen_items(graph, layout)
    targets, sources = layout.piece_target.array.astype(np.int64), layout.piece_source.array.astype(np.int64)
    ends = np.flatnonzero(targets >= 0)
    result = np.full(len(graph.edges), -1, np.int64)
    if len(ends):
        keys = targets[ends] * nodes + sources[ends]
        order = np.argsort(keys, kind="stable")
        source, target = graph.edges.source.array.astype(np.int64), seen[graph.edges.target.array].astype(np.int64)
        wanted = target * nodes + source
        at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
        result = np.where(keys[order][at] == wanted, ends[order][at], -1)
    return result.astype(np.int32)


def way(parents: IntArray, last: int) -> list[int]:
    """Return the pieces from the source to a last piece, in this order."""
    pieces = []
    while last >= 0:
        pieces.append(last)
        last = int(parents[last])
    return pieces[::-1]


def edge_points(graph: Graph, layout: Layout) -> list[list[list[float]]]:
    """Return the way of each edge as points; empty where it is not seen."""
    parents = layout.piece_parent.array.tolist()
    ends = layout.piece_ends.array.reshape(-1, 4).astype(float).round(2).tolist()
    result = []
    for last in last_pieces(graph, layout).tolist():
        points: list[list[float]] = []
        while last >= 0:
            x0, y0, x1, y1 = ends[last]
            if not points or points[-1] != [x1, y1]:
                points.append([x1, y1])
            points.append([x0, y0])
            last = parents[last]
        result.append(points[::-1])
    return result
