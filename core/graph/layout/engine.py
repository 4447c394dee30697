"""Lays out a graph with some of its groups open; remembers each level, so that opening one is quick."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..columns import Floats, IntArray, Ints
from ..model import NO_GROUP, Graph
from .arrange import Arranged, arrange
from .boxes import Box
from .hierarchy import IN_PORT, OUT_PORT, Hierarchy, Level, LevelShape
from .layers import LayeredLevel, layered
from .sizes import NodeSizes, box_size, group_texts, is_control, node_texts, text_width

BOLD = 1.14
"""Titles are bold, and so wider."""
MOST_ALIKE = 2000
"""Levels with more items than this are not remembered to be used again: there is no second one like it."""
HIDDEN, CLOSED, OPEN, SOLID = 0, 1, 2, 3
"""States of a group: inside a closed one; drawn as a node; drawn as a box; drawn as its only node."""


_Key = frozenset[tuple[int, int]]
"""The open groups directly inside a group, each with the number of its arrangement."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Coordinates of a graph with some groups open; y grows downwards, the top left corner is the origin.

    Nodes come first, then groups, in all columns called ``item``; what is hidden has a width of 0.
    """

    width: float
    height: float
    opened: Ints
    """Groups that are open and can be seen."""
    item_x: Floats
    item_y: Floats
    item_width: Floats
    item_height: Floats
    group_state: Ints
    title_x: Floats
    """Where the title of an open group begins, from its left side."""
    piece_ends: Floats
    """x0, y0, x1, y1 of each piece of an edge: a vertical line, or a curve between two layers."""
    piece_source: Ints
    """Node whose value the piece carries."""
    piece_parent: Ints
    """The piece before it, nearer to the source; -1 at the source."""
    piece_target: Ints
    """Item at which the piece ends with an arrow, or -1."""


class LayoutEngine:
    """Layouts of one graph.

    Args:
        checkpoint: called before each level; may raise Cancelled.
    """

    def __init__(self, graph: Graph, checkpoint: Callable[[], None] = lambda: None) -> None:
        self.graph = graph
        self.hierarchy = Hierarchy(graph)
        self.checkpoint = checkpoint
        self._levels: dict[int, Level] = {}
        self._shapes: dict[LevelShape, LevelShape] = {}
        self._layered: dict[LevelShape, LayeredLevel] = {}
        self._alike: dict[tuple[LevelShape, tuple[Box, ...], float | None], Arranged] = {}
        self._arranged: dict[int, tuple[_Key, Arranged]] = {}
        self._version: dict[int, int] = {}
        self._sizes = NodeSizes(graph)

    def is_solid(self, group: int) -> bool:
        """Return whether a group is one node and is drawn as that node."""
        return self.hierarchy.core[group] >= 0

    def first_view(self, most: int = 60) -> frozenset[int]:
        """Return the groups to open at first: those of a depth together, as long as at most ``most`` items are seen.

        At the first depth that is too much, control flow is still opened where it fits: it is what people look for.
        """
        hierarchy, kinds = self.hierarchy, list(self.graph.groups.kind)
        opened: set[int] = set()
        seen = len(hierarchy.children(NO_GROUP))
        level = [NO_GROUP]
        while level:
            inside = [
                item - hierarchy.node_count
                for group in level
                for item in hierarchy.children(group)
                if item >= hierarchy.node_count and not self.is_solid(item - hierarchy.node_count)
            ]
            more = {group: len(hierarchy.children(group)) for group in inside}
            if seen + sum(more.values()) > most:
                inside = [group for group in inside if is_control(kinds[group])]
                while inside and seen + sum(more[group] for group in inside) > most:
                    inside.pop()
            seen += sum(more[group] for group in inside)
            opened.update(inside)
            level = inside
        return frozenset(opened)

    def to_depth(self, depth: int) -> frozenset[int]:
        """Return the groups that lie less than ``depth`` groups deep; 0 opens none."""
        level: list[int] = []
        opened = []
        for group, outer in enumerate(self.hierarchy.group_parent):
            level.append(0 if outer == NO_GROUP else level[outer] + (0 if self.is_solid(outer) else 1))
            if level[group] < depth and not self.is_solid(group):
                opened.append(group)
        return frozenset(opened)

    def inside_module(self, path: str) -> frozenset[int]:
        """Return the groups of a module and all below it, with those that they lie in; empty where there is none."""
        opened: set[int] = set()
        modules = list(self.graph.groups.module)
        for group, outer in enumerate(self.hierarchy.group_parent):
            if modules[group] == path or (outer in opened and outer != NO_GROUP and modules[group].startswith(path)):
                opened.add(group)
        for group in list(opened):
            outer = self.hierarchy.group_parent[group]
            while outer != NO_GROUP and outer not in opened:
                opened.add(outer)
                outer = self.hierarchy.group_parent[outer]
        return frozenset(opened)

    def everything(self) -> frozenset[int]:
        """Return all groups that can be opened."""
        return frozenset(group for group in range(self.hierarchy.group_count) if not self.is_solid(group))

    def layout(self, opened: Iterable[int]) -> Layout:
        """Return the layout in which exactly these groups are open, as far as what is around them is."""
        wanted = frozenset(opened)
        visible = self._visible(wanted)
        arranged: dict[int, Arranged] = {}
        for group in reversed(visible):
            self.checkpoint()
            arranged[group] = self._arrange(group, arranged)
        return _flattened(self, visible, arranged)

    def _visible(self, wanted: frozenset[int]) -> list[int]:
        """Return the open groups that can be seen, outer ones first, NO_GROUP at the head."""
        visible = [NO_GROUP]
        is_open = set()
        for group in sorted(wanted):
            outer = self.hierarchy.group_parent[group]
            if not self.is_solid(group) and (outer == NO_GROUP or outer in is_open):
                is_open.add(group)
                visible.append(group)
        return visible

    def _arrange(self, group: int, arranged: dict[int, Arranged]) -> Arranged:
        level = self.level(group)
        nodes = self.hierarchy.node_count
        items: list[int] = level.items.tolist()
        inner = frozenset(item - nodes for item in items if item >= nodes and item - nodes in arranged)
        key = frozenset((one, self._version[one]) for one in inner)
        known = self._arranged.get(group)
        if known is not None and known[0] == key:
            return known[1]
        title = None if group == NO_GROUP else text_width(self.graph.groups.label[group]) * BOLD
        result = self._arranged_like(level.shape, self._boxes(level, items, arranged), title)
        self._arranged[group] = (key, result)
        self._version[group] = self._version.get(group, 0) + 1
        return result

    def _arranged_like(self, shape: LevelShape, boxes: tuple[Box, ...], title: float | None) -> Arranged:
        """Arrange a level, or take what another one got that is built alike: most blocks of a model are."""
        if shape.item_count > MOST_ALIKE:
            return arrange(layered(shape), boxes, title)
        like = (shape, boxes, title)
        result = self._alike.get(like)
        if result is None:
            ordered = self._layered.get(shape)
            if ordered is None:
                ordered = self._layered[shape] = layered(shape)
            result = self._alike[like] = arrange(ordered, boxes, title)
        return result

    def level(self, group: int) -> Level:
        """Return what lies directly in a group."""
        level = self._levels.get(group)
        if level is None:
            level = self.hierarchy.level(group)
            shape = self._shapes.setdefault(level.shape, level.shape)
            level = self._levels[group] = dataclasses.replace(level, shape=shape)
        return level

    def _boxes(self, level: Level, items: list[int], arranged: dict[int, Arranged]) -> tuple[Box, ...]:
        nodes = self.hierarchy.node_count
        numbers: dict[int, int] = {}
        boxes = []
        for item in items:
            inside = arranged.get(item - nodes) if item >= nodes else None
            if inside is not None:
                numbers = numbers or {source: number for number, source in enumerate(level.sources.tolist())}
                named = self.level(item - nodes).sources
                boxes.append(_renamed(inside.box, named, numbers))
            elif item < nodes:
                boxes.append(self._sizes.box_of(item))
            else:
                boxes.append(Box(*box_size(*self.texts(item))))
        return tuple(boxes)

    def texts(self, item: int) -> tuple[str, str]:
        """Return the two lines of text of a node, or of a group that is drawn as a node."""
        nodes = self.hierarchy.node_count
        if item < nodes:
            return node_texts(self.graph, item)
        core = self.hierarchy.core[item - nodes]
        if core < 0:
            return group_texts(self.graph, item - nodes, self.hierarchy.operations[item - nodes])
        return node_texts(self.graph, core, self.graph.groups.label[item - nodes].partition(" · ")[0])


def _renamed(box: Box, sources: IntArray, numbers: dict[int, int]) -> Box:
    """Return a box whose ports go by the sources of the level around it."""
    names: list[int] = sources.tolist()
    inward = tuple((numbers[names[source]], x) for source, x in box.in_x)
    outward = tuple((numbers[names[source]], x) for source, x in box.out_x)
    return Box(box.width, box.height, inward, outward)


def _flattened(engine: LayoutEngine, visible: list[int], arranged: dict[int, Arranged]) -> Layout:
    hierarchy = engine.hierarchy
    nodes, groups = hierarchy.node_count, hierarchy.group_count
    places = np.zeros((4, nodes + groups))
    xs, ys, widths, heights = places
    state = np.zeros(groups, np.int32)
    title_x = np.zeros(groups, np.float64)
    origin = np.zeros((groups + 1, 2))
    levels = [engine.level(group) for group in visible]
    for group, level in zip(visible, levels, strict=True):
        here = arranged[group]
        if group != NO_GROUP:
            title_x[group] = here.title_x
            origin[group] = xs[nodes + group], ys[nodes + group]
        places[:, level.items] = here.items
        places[:2, level.items] += origin[group][:, None]
    open_groups = np.asarray(visible[1:], np.int64)
    seen_groups = np.flatnonzero(widths[nodes:] > 0)
    core = np.asarray(hierarchy.core, np.int64)
    state[seen_groups] = np.where(core[seen_groups] >= 0, SOLID, CLOSED) if groups else CLOSED
    state[open_groups] = OPEN
    _place_cores(hierarchy, state, core, places)
    pieces = _Pieces(visible, levels, [arranged[group] for group in visible])
    ends = pieces.ends + np.tile(origin[pieces.group], 2)
    box = arranged[NO_GROUP].box
    return Layout(
        width=box.width,
        height=box.height,
        opened=Ints.of(visible[1:]),
        item_x=Floats.of(xs),
        item_y=Floats.of(ys),
        item_width=Floats.of(widths),
        item_height=Floats.of(heights),
        group_state=Ints.of(state),
        title_x=Floats.of(title_x),
        piece_ends=Floats.of(ends.ravel()),
        piece_source=Ints.of(pieces.source),
        piece_parent=Ints.of(pieces.joined(nodes)),
        piece_target=Ints.of(pieces.arrows(nodes, state)),
    )


def _place_cores(
    hierarchy: Hierarchy, state: NDArray[np.int32], core: NDArray[np.int64], places: NDArray[np.float64]
) -> None:
    """Give the only node of a solid group, and all between the two, the group's place."""
    nodes = hierarchy.node_count
    for group in np.flatnonzero(state == SOLID).tolist():
        item = int(core[group])
        while item != nodes + group:
            places[:, item] = places[:, nodes + group]
            item = nodes + int(hierarchy.parent[item])
            state[item - nodes] = SOLID


class _Pieces:
    """All pieces of the visible levels, in columns."""

    def __init__(self, visible: list[int], levels: list[Level], arranged: list[Arranged]) -> None:
        counts = [len(one.pieces) for one in arranged]
        before = np.repeat(np.cumsum([0, *counts[:-1]]), counts)
        self.group = np.repeat(np.asarray(visible, np.int64), counts)
        self.ends = np.concatenate([one.pieces for one in arranged])
        source, parent, start, end = np.concatenate([one.links for one in arranged], axis=1).astype(np.int64)
        self.source = _named(source, [level.sources for level in levels], counts)
        items = [level.items for level in levels]
        self.start, self.end = _named(start, items, counts), _named(end, items, counts)
        self.parent = np.where(parent >= 0, parent + before, -1)

    def joined(self, nodes: int) -> NDArray[np.int64]:
        """Return the parents with those across the borders of groups."""
        parent = self.parent.copy()
        entering = np.flatnonzero((parent < 0) & (self.start == IN_PORT))
        reached = np.flatnonzero(self.end >= 0)
        parent[entering] = _found(
            (self.group[entering] + nodes) * nodes + self.source[entering],
            self.end[reached] * nodes + self.source[reached],
            reached,
        )
        going_on = np.flatnonzero((parent < 0) & (self.start >= nodes))
        left = np.flatnonzero(self.end == OUT_PORT)
        parent[going_on] = _found(
            self.start[going_on] * nodes + self.source[going_on],
            (self.group[left] + nodes) * nodes + self.source[left],
            left,
        )
        return parent

    def arrows(self, nodes: int, state: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the item at which each piece ends for good; an open group is passed through."""
        is_open = np.zeros(nodes + len(state) + 1, bool)
        is_open[nodes:-1] = state == OPEN
        return np.where((self.end >= 0) & ~is_open[np.maximum(self.end, -1)], self.end, -1)


def _named(positions: NDArray[np.int64], names: Sequence[NDArray[np.int32]], counts: list[int]) -> NDArray[np.int64]:
    """Return what positions in levels stand for in the graph; negative ones stand for themselves.

    Args:
        names: of each level.
        counts: how many of the positions belong to each level.
    """
    begins = np.repeat(np.cumsum([0, *(len(one) for one in names[:-1])]), counts)
    together = np.append(np.concatenate(names), -1).astype(np.int64)
    return np.where(positions >= 0, together[np.where(positions >= 0, positions + begins, -1)], positions)


def _found(wanted: NDArray[np.int64], keys: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the value under each wanted key, -1 where there is none."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][at] == wanted, values[order][at], -1)
