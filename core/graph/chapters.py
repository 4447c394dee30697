"""Boxes for what has too many things side by side: a trace without modules is one list of thousands of operations.

Neighbours in the program share a chapter, and chapters share larger ones, so that no level has more than some sixty
items. A chapter ends where few values go on: between two blocks of a network rather than in the middle of one.
"""

import dataclasses
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from .columns import Ints, Texts
from .layout.hierarchy import Hierarchy
from .model import NO_GROUP, Graph, GroupKind, Groups

MOST_ITEMS = 200
"""A level with more items than this gets chapters."""
MOST_CHAPTERS = 60
"""Items of a chapter, and chapters of a level, are about as many at most."""


def in_chapters(graph: Graph, most_items: int = MOST_ITEMS) -> Graph:
    """Return the graph with chapters in its long levels; the same one where none is long. Nodes keep their indices."""
    members = np.bincount(np.concatenate([graph.nodes.group.array, graph.groups.parent.array]) + 1)
    long_groups = (np.flatnonzero(members > most_items) - 1).tolist()
    if not long_groups:
        return graph
    hierarchy = Hierarchy(graph)
    plan = _Plan(graph, hierarchy)
    for group in long_groups:
        plan.divide(group)
    return plan.applied()


@dataclasses.dataclass(frozen=True, slots=True)
class _Chapter:
    parent: int
    """Group around it; chapters are counted on after the groups of the graph."""
    label: str
    first_node: int


class _Plan:
    def __init__(self, graph: Graph, hierarchy: Hierarchy) -> None:
        self._graph, self._hierarchy = graph, hierarchy
        self._chapters: list[_Chapter] = []
        self._parent = hierarchy.parent.copy()
        self._operations, self._modules = graph.nodes.op, list(graph.groups.module)

    def divide(self, group: int) -> None:
        """Put the items of a group into chapters, and those into larger ones until they are few."""
        items = self._hierarchy.children(group)
        widths = self._values_between(group, items)
        ends = _cuts(widths, np.arange(len(items) + 1))
        stages = [ends]
        while len(stages[-1]) - 1 > MOST_CHAPTERS:
            stages.append(_cuts(widths, stages[-1]))
        outer = np.full(len(items), group)
        for ends in reversed(stages):
            for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
                number = self._hierarchy.group_count + len(self._chapters)
                first = self._hierarchy.order_of(items[begin])
                self._chapters.append(_Chapter(int(outer[begin]), self._label(items, begin, end), first))
                outer[begin:end] = number
        self._parent[items] = outer

    def _values_between(self, group: int, items: list[int]) -> NDArray[np.int64]:
        """Return how many values pass between item ``i - 1`` and item ``i``, for each ``i`` up to their number."""
        place = np.full(len(self._parent), -1, np.int64)
        place[items] = np.arange(len(items))
        start, end, source = self._hierarchy.edges_of(group)
        within = (start >= 0) & (end >= 0)
        ends = np.sort(np.stack([place[start[within]], place[end[within]]]), axis=0)
        order = np.lexsort((ends[1], source[within], ends[0]))
        (low, high), carried = ends[:, order], source[within][order]
        is_last = np.append((np.diff(low) != 0) | (np.diff(carried) != 0), True)[: len(low)]
        change = np.bincount(low[is_last] + 1, minlength=len(items) + 2)
        change -= np.bincount(high[is_last] + 1, minlength=len(items) + 2)
        return np.cumsum(change)[: len(items) + 1]

    def _label(self, items: list[int], begin: int, end: int) -> str:
        span = f"{begin + 1:,}–{end:,}"
        inside, nodes = items[begin:end], self._hierarchy.node_count
        modules = [self._modules[item - nodes] for item in inside if item >= nodes]
        if len(modules) * 2 > len(inside) and modules[0] and modules[-1]:
            return f"{modules[0]} … {modules[-1]}" if modules[0] != modules[-1] else modules[0]
        lines, files = self._graph.nodes.line.array, self._graph.nodes.file
        own = np.array([item for item in inside if item < nodes], np.int64)
        known = own[lines[own] > 0]
        if len(known) * 2 > len(inside) and len(np.unique(files.codes.array[known])) == 1:
            low, high = int(lines[known].min()), int(lines[known].max())
            if low != high:
                return f"{span} · {Path(files[int(known[0])]).name}, lines {low}–{high}"
        counts = Counter(self._operations.codes.array[own].tolist()).most_common(3)
        names = [self._operations.table[code].rpartition("::")[2].strip("_") for code, _ in counts]
        return f"{span} · {', '.join(dict.fromkeys(names))}"

    def applied(self) -> Graph:
        graph, hierarchy = self._graph, self._hierarchy
        old, count = graph.groups, hierarchy.group_count
        parents = [*self._parent[hierarchy.node_count :].tolist(), *(chapter.parent for chapter in self._chapters)]
        order = _outer_first(parents)
        place = {group: number for number, group in enumerate(order)} | {NO_GROUP: NO_GROUP}
        chosen = [group if group < count else -1 for group in order]
        made = [None if group < count else self._chapters[group - count] for group in order]

        def column(kept: Texts, new: list[str]) -> Texts:
            texts = list(kept)
            return Texts.of(text if group < 0 else texts[group] for group, text in zip(chosen, new, strict=True))

        modules = [self._module_around(group, parents) for group in order]
        lines = [*old.line.array.tolist(), *(graph.nodes.line[chapter.first_node] for chapter in self._chapters)]
        return msgspec.structs.replace(
            graph,
            nodes=msgspec.structs.replace(
                graph.nodes,
                group=Ints.of([place[group] for group in self._parent[: hierarchy.node_count].tolist()]),
            ),
            groups=Groups(
                id=tuple(f"chapter {group - count + 1}" if group >= count else old.id[group] for group in order),
                parent=Ints.of([place[parents[group]] for group in order]),
                kind=column(old.kind, [GroupKind.CHAPTER.value] * len(order)),
                label=column(old.label, [chapter.label if chapter else "" for chapter in made]),
                module=column(old.module, modules),
                file=column(old.file, [graph.nodes.file[one.first_node] if one else "" for one in made]),
                line=Ints.of([lines[group] for group in order]),
            ),
        )

    def _module_around(self, group: int, parents: list[int]) -> str:
        while group >= self._hierarchy.group_count:
            group = parents[group]
        return "" if group == NO_GROUP else self._modules[group]


def _cuts(widths: NDArray[np.int64], allowed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where pieces begin and end, some of the allowed places; a cut is made where few values pass."""
    count = len(allowed) - 1
    stages = 2
    while count > MOST_CHAPTERS**stages:
        stages += 1
    size = max(2.0, count ** (1 / stages))
    chosen = [0]
    while count - chosen[-1] > 1.4 * size:
        begin = chosen[-1]
        places = np.arange(begin + max(1, round(0.6 * size)), min(count, begin + round(1.4 * size) + 1))
        passing = widths[allowed[places]]
        distance = np.abs(places - begin - size)
        chosen.append(int(places[np.lexsort((distance, passing))[0]]))
    return allowed[[*chosen, count]]


def _outer_first(parents: list[int]) -> list[int]:
    """Return all groups, each behind the one around it."""
    inside: dict[int, list[int]] = {}
    for group, parent in enumerate(parents):
        inside.setdefault(parent, []).append(group)
    order: list[int] = []
    level = [NO_GROUP]
    while level:
        level = [group for outer in level for group in inside.get(outer, ())]
        order += level
    return order
