"""What the canvas paints, as columns: items, boxes and edge pieces of one layout, and who lies where. No Qt."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ...core.graph.families import FAMILIES, families
from ...core.graph.layout import LayoutEngine
from ...core.graph.layout.engine import CLOSED, OPEN, SOLID, Layout
from ...core.graph.layout.routes import last_pieces, seen_items, way

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in the coordinates of the layout."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def grown(self, by: float) -> "Area":
        return Area(self.left - by, self.top - by, self.right + by, self.bottom + by)


class Scene:
    """One layout of a graph, ready to be painted and asked.

    *Items* are indices as in Layout: nodes first, then groups. ``drawn`` are the items that look like nodes, ``boxes``
    the open groups, outer ones first.
    """

    def __init__(self, engine: LayoutEngine, layout: Layout) -> None:
        self.engine, self.layout, self.graph = engine, layout, engine.graph
        self.node_count = engine.hierarchy.node_count
        self.left, self.top = layout.item_x.array.astype(float), layout.item_y.array.astype(float)
        self.width, self.height = layout.item_width.array.astype(float), layout.item_height.array.astype(float)
        self.states = layout.group_state.array
        self.boxes: Indices = layout.opened.array.astype(np.int64) + self.node_count
        self.drawn = self._drawn()
        self.drawn_family = self._families()
        self.ends: Floats = layout.piece_ends.array.reshape(-1, 4).astype(float)
        self._sort_by_height()

    @property
    def area(self) -> Area:
        return Area(0.0, 0.0, self.layout.width, self.layout.height)

    # What lies where

    def drawn_in(self, area: Area) -> Indices:
        """Return positions in ``drawn`` of what touches an area."""
        begin, end = np.searchsorted(self._drawn_top, (area.top - self._tallest, area.bottom))
        here = slice(int(begin), int(end))
        items = self.drawn[here]
        hits = (
            (self.left[items] < area.right)
            & (self.left[items] + self.width[items] > area.left)
            & (self.top[items] + self.height[items] > area.top)
        )
        found: Indices = np.flatnonzero(hits) + int(begin)
        return found

    def boxes_in(self, area: Area) -> Indices:
        """Return the open groups that touch an area, outer ones first."""
        items = self.boxes
        hits = (
            (self.left[items] < area.right)
            & (self.left[items] + self.width[items] > area.left)
            & (self.top[items] < area.bottom)
            & (self.top[items] + self.height[items] > area.top)
        )
        found: Indices = items[hits]
        return found

    def pieces_in(self, area: Area) -> Indices:
        """Return the pieces of edges that may touch an area."""
        begin, end = np.searchsorted(self._short_top, (area.top - self._tallest_short, area.bottom))
        short = self._short[int(begin) : int(end)]
        chosen = np.concatenate([short, self._long])
        ends = self.ends[chosen]
        hits = (
            (np.minimum(ends[:, 0], ends[:, 2]) <= area.right)
            & (np.maximum(ends[:, 0], ends[:, 2]) >= area.left)
            & (np.minimum(ends[:, 1], ends[:, 3]) <= area.bottom)
            & (np.maximum(ends[:, 1], ends[:, 3]) >= area.top)
        )
        found: Indices = chosen[hits]
        return found

    def item_at(self, x: float, y: float) -> int:
        """Return the item drawn at a point: a node before the box around it; -1 where there is none."""
        point = Area(x, y, x, y)
        found = self.drawn_in(point)
        if len(found):
            return int(self.drawn[found[-1]])
        boxes = self.boxes_in(point)
        return int(boxes[-1]) if len(boxes) else -1

    # What belongs together

    def is_box(self, item: int) -> bool:
        return item >= self.node_count and int(self.states[item - self.node_count]) == OPEN

    def is_closed(self, item: int) -> bool:
        return item >= self.node_count and int(self.states[item - self.node_count]) == CLOSED

    def area_of(self, item: int) -> Area:
        left, top = float(self.left[item]), float(self.top[item])
        return Area(left, top, left + float(self.width[item]), top + float(self.height[item]))

    def seen(self, node: int) -> int:
        """Return the item that stands for a node in this layout."""
        return int(self._seen[node])

    def node_of(self, item: int) -> int:
        """Return the node that an item shows, -1 for a box or a closed group."""
        if item < self.node_count:
            return item
        return self.engine.hierarchy.core[item - self.node_count]

    def neighbours(self, item: int) -> tuple[list[int], list[int], list[int]]:
        """Return the items that feed this one, those it feeds, and the pieces of the edges between."""
        before, after = self._edges_at(item)
        source, target = self.graph.edges.source.array, self.graph.edges.target.array
        pieces: set[int] = set()
        for edge in [*before, *after]:
            pieces.update(way(self._parents, int(self._last[edge])))
        producers = list(dict.fromkeys(int(self._seen[source[edge]]) for edge in before))
        consumers = list(dict.fromkeys(int(self._seen[target[edge]]) for edge in after))
        return producers, consumers, sorted(pieces)

    def _edges_at(self, item: int) -> tuple[list[int], list[int]]:
        begins, order = self._edges_into
        into = order[begins[item] : begins[item + 1]]
        begins, order = self._edges_from
        out = order[begins[item] : begins[item + 1]]
        return [int(edge) for edge in into], [int(edge) for edge in out]

    # Made once, some only when asked

    def _drawn(self) -> Indices:
        states = self.states
        seen = self.width > 0
        seen[self.node_count :] &= np.isin(states, (CLOSED, SOLID))
        outer = self.engine.hierarchy.parent.astype(np.int64)
        in_solid = np.append(states == SOLID, False)[outer]
        return np.flatnonzero(seen & ~in_solid)

    def _families(self) -> Indices:
        """Return, for each drawn item, the index of its family; the number of families for a closed group."""
        of_node = families(self.graph).astype(np.int64)
        core = np.asarray(self.engine.hierarchy.core, np.int64)
        result = np.full(len(self.drawn), len(FAMILIES), np.int64)
        is_node = self.drawn < self.node_count
        result[is_node] = of_node[self.drawn[is_node]]
        groups = self.drawn[~is_node] - self.node_count
        if len(groups):
            nodes = core[groups]
            result[~is_node] = np.where(nodes >= 0, of_node[np.maximum(nodes, 0)], len(FAMILIES))
        return result

    def _sort_by_height(self) -> None:
        order = np.argsort(self.top[self.drawn], kind="stable")
        self.drawn, self.drawn_family = self.drawn[order], self.drawn_family[order]
        self._drawn_top = self.top[self.drawn]
        self._tallest = float(self.height[self.drawn].max(initial=0.0))
        tops = np.minimum(self.ends[:, 1], self.ends[:, 3])
        heights = np.abs(self.ends[:, 3] - self.ends[:, 1])
        is_short = heights <= 400.0
        short = np.flatnonzero(is_short)
        self._short: Indices = short[np.argsort(tops[short], kind="stable")]
        self._short_top = tops[self._short]
        self._tallest_short = float(heights[short].max(initial=0.0))
        self._long: Indices = np.flatnonzero(~is_short)
        self._seen = seen_items(self.graph, self.layout)
        self._parents = self.layout.piece_parent.array
        self._relations: tuple[tuple[Indices, Indices], tuple[Indices, Indices]] | None = None

    @property
    def _last(self) -> NDArray[np.int32]:
        if not hasattr(self, "_last_pieces"):
            self._last_pieces = last_pieces(self.graph, self.layout)
        return self._last_pieces

    @property
    def _edges_into(self) -> tuple[Indices, Indices]:
        return self._index_edges()[0]

    @property
    def _edges_from(self) -> tuple[Indices, Indices]:
        return self._index_edges()[1]

    def _index_edges(self) -> tuple[tuple[Indices, Indices], tuple[Indices, Indices]]:
        """Return, for both directions, the edges sorted by the item they are seen at, and where each item begins."""
        if self._relations is None:
            source = self._seen[self.graph.edges.source.array]
            target = self._seen[self.graph.edges.target.array]
            visible = np.flatnonzero(source != target)
            both = []
            for column in (target, source):
                order = visible[np.argsort(column[visible], kind="stable")]
                begins = np.searchsorted(column[order], np.arange(len(self.left) + 1))
                both.append((begins.astype(np.int64), order.astype(np.int64)))
            self._relations = (both[0], both[1])
        return self._relations
