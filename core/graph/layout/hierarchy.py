"""Splits a nested graph into levels: what lies directly in a group, and the edges between those things.

An item is a node (its index) or a group (``node_count`` + its index). An edge that leaves a group ends, inside, at an
out-port; outside it goes on from the group's own item; the same at its other end. So each level is a small graph.
"""

import dataclasses
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from ..columns import IntArray
from ..model import NO_GROUP, Graph
from .sizes import is_boxed

OUT_PORT = -1
IN_PORT = -2
"""Stand for an end of a level's edge that lies outside the group; one port a source node."""


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """What lies directly in one group. Items and sources go by their positions, so that equal levels look equal."""

    items: IntArray
    """In the order of the program."""
    sources: IntArray
    """Nodes whose values flow in the level, ascending."""
    shape: "LevelShape"


@dataclasses.dataclass(frozen=True, slots=True)
class LevelShape:
    """The structure of a level: equal for two blocks that are built alike, wherever in the graph they are."""

    item_count: int
    edges: tuple[tuple[int, int, int], ...]
    """(from item or IN_PORT, to item or OUT_PORT, source); no two are equal."""
    source_places: tuple[int, ...]
    """Where each source lies among the items: ``2 * item + 1`` in an item, ``2 * item`` before it."""


class Hierarchy:
    """All levels of a graph, each made when it is asked for."""

    def __init__(self, graph: Graph) -> None:
        nodes, groups = len(graph.nodes), len(graph.groups)
        self.node_count, self.group_count = nodes, groups
        self.parent: IntArray = np.concatenate([graph.nodes.group.array, graph.groups.parent.array]).astype(np.int32)
        self.group_parent: list[int] = graph.groups.parent.array.tolist()
        self._by_parent = np.argsort(self.parent, kind="stable")
        self._child_bounds = np.searchsorted(self.parent[self._by_parent], np.arange(NO_GROUP, groups + 1)).tolist()
        self.operations = self._count_operations(graph)
        self.first_node = self._first_nodes()
        self.core = self._core_nodes(graph)
        self._prepare_edges(graph.edges.source.array, graph.edges.target.array)

    def children(self, group: int) -> list[int]:
        """Return the items directly in a group (NO_GROUP: at the top), in the order of the program."""
        begin, end = self._child_bounds[group + 1], self._child_bounds[group + 2]
        items: list[int] = self._by_parent[begin:end].tolist()
        if items and items[-1] >= self.node_count:
            items.sort(key=self.order_of)
        return items

    def nodes_inside(self, group: int) -> list[int]:
        """Return all nodes in a group, however deep."""
        found, waiting = [], [group]
        while waiting:
            for item in self.children(waiting.pop()):
                if item < self.node_count:
                    found.append(item)
                else:
                    waiting.append(item - self.node_count)
        return found

    def order_of(self, item: int) -> int:
        """Return the place of an item in the program: that of its first node."""
        return item if item < self.node_count else self.first_node[item - self.node_count]

    def edges_of(self, group: int) -> tuple[IntArray, IntArray, IntArray]:
        """Return from which item or IN_PORT, to which item or OUT_PORT, and with whose value; some may be equal."""
        chosen = self._edge_order[self._edge_bounds[group + 1] : self._edge_bounds[group + 2]]
        return self._edge_from[chosen], self._edge_to[chosen], self._edge_source[chosen]

    def level(self, group: int) -> Level:
        """Return the level of a group; equal edges are one."""
        items = self.children(group)
        places = {item: place for place, item in enumerate(items)} | {IN_PORT: IN_PORT, OUT_PORT: OUT_PORT}
        starts, ends, carried = (column.tolist() for column in self.edges_of(group))
        sources = sorted(set(carried))
        numbers = {source: number for number, source in enumerate(sources)}
        triples = zip(starts, ends, carried, strict=True)
        edges = dict.fromkeys((places[start], places[end], numbers[source]) for start, end, source in triples)
        orders = [self.order_of(item) for item in items]
        found = [bisect_left(orders, source) for source in sources]
        inside = [at < len(orders) and orders[at] == source for at, source in zip(found, sources, strict=True)]
        return Level(
            np.array(items, np.int32),
            np.array(sources, np.int32),
            LevelShape(
                len(items), tuple(edges), tuple(2 * at + is_in for at, is_in in zip(found, inside, strict=True))
            ),
        )

    def _count_operations(self, graph: Graph) -> list[int]:
        counts = np.bincount(graph.nodes.group.array + 1, minlength=self.group_count + 1)[1:].tolist()
        for group in range(self.group_count - 1, -1, -1):
            if self.group_parent[group] != NO_GROUP:
                counts[self.group_parent[group]] += counts[group]
        return [int(count) for count in counts]

    def _first_nodes(self) -> list[int]:
        lowest = np.full(self.group_count + 1, self.node_count)
        np.minimum.at(lowest, self.parent[: self.node_count], np.arange(self.node_count))
        first: list[int] = lowest[: self.group_count].tolist()
        for group in range(self.group_count - 1, -1, -1):
            outer = self.group_parent[group]
            if outer != NO_GROUP:
                first[outer] = min(first[outer], first[group])
        return first

    def _core_nodes(self, graph: Graph) -> list[int]:
        """Return, for each group that is one node and no box of its own, that node; -1 for the others."""
        core = [-1] * self.group_count
        kinds = list(graph.groups.kind)
        for group in range(self.group_count - 1, -1, -1):
            if self.operations[group] == 1 and not is_boxed(kinds[group]):
                inner = self.children(group)
                if len(inner) == 1:
                    core[group] = inner[0] if inner[0] < self.node_count else core[inner[0] - self.node_count]
        return core

    def _ancestors(self) -> tuple[list[IntArray], IntArray]:
        """Return the item that holds each node at each depth, outermost first, and the depth of each node."""
        groups = self.group_count
        depth = np.zeros(groups + 1, np.int32)  # the last entry stands for NO_GROUP
        depth[-1] = -1
        for group, outer in enumerate(self.group_parent):
            depth[group] = depth[outer] + 1
        deepest = int(depth.max(initial=-1))
        path = np.full((groups + 1, deepest + 2), -1, np.int32)
        for group, outer in enumerate(self.group_parent):
            path[group] = path[outer]
            path[group, depth[group]] = self.node_count + group
        of_node = self.parent[: self.node_count]
        node_depth = depth[of_node] + 1
        nodes = np.arange(self.node_count, dtype=np.int32)
        levels = []
        for at in range(deepest + 2):
            levels.append(np.where(at < node_depth, path[of_node, at], nodes))
        return levels, node_depth

    def _prepare_edges(self, source: IntArray, target: IntArray) -> None:
        ancestors, depth = self._ancestors()
        loops = source == target
        source, target = source[~loops], target[~loops]
        together = np.ones(len(source), bool)
        parts: list[tuple[NDArray[np.int32], ...]] = []
        top = np.full(self.node_count, NO_GROUP + self.node_count, np.int32)
        for at, here in enumerate(ancestors):
            above = ancestors[at - 1] if at else top
            start, end = here[source], here[target]
            apart = ~together
            parting = together & (start != end)
            leaving = apart & (depth[source] >= at)
            entering = apart & (depth[target] >= at)
            out, into = np.full(len(source), OUT_PORT, np.int32), np.full(len(source), IN_PORT, np.int32)
            for mask, left, right, owner in (
                (parting, start, end, above[source]),
                (leaving, start, out, above[source]),
                (entering, into, end, above[target]),
            ):
                if mask.any():
                    parts.append((owner[mask] - self.node_count, left[mask], right[mask], source[mask]))
            together &= start == end
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)] or [np.zeros(0, np.int32)] * 4
        level, self._edge_from, self._edge_to, self._edge_source = columns
        self._edge_order = np.argsort(level, kind="stable")
        self._edge_bounds = np.searchsorted(level[self._edge_order], np.arange(NO_GROUP, self.group_count + 1)).tolist()
