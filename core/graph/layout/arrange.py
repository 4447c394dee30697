"""Geometry of one level: where its items lie in its box, and the pieces of which its edges are drawn.

A piece is a vertical line, or a curve that stays between two layers; so no piece can touch an item but at its ends.
"""

import dataclasses
import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..columns import IntArray
from .boxes import Box
from .coordinates import place
from .hierarchy import IN_PORT, OUT_PORT
from .layers import LayeredLevel, Link
from .sizes import HEADER

ITEM_GAP = 26.0
BEND_WIDTH = 14.0
LANE_WIDTH = 9.0
MARGIN = 14.0
INNER = -9
"""Stands for the end of a piece that goes on in another piece of the level."""


@dataclasses.dataclass(frozen=True, slots=True)
class Arranged:
    """A level with coordinates, relative to the top left corner of its box; items and sources as in its shape."""

    box: Box
    title_x: float
    items: NDArray[np.float64]
    """Rows left, top, width and height; a column an item."""
    pieces: NDArray[np.float64]
    """A row for each piece: x and y of both ends, in the direction of the edge."""
    links: IntArray
    """Rows, a column a piece. Its source; the piece before it (-1 where it leaves an item or comes in through a port);
    the item that it leaves, IN_PORT or INNER; the item that it reaches, OUT_PORT or INNER."""


def arrange(level: LayeredLevel, boxes: Sequence[Box], title_width: float | None) -> Arranged:
    """Return the level with coordinates.

    Args:
        boxes: size and ports of each item.
        title_width: of the title in the header of the group; None at the top of the graph, which has no box.
    """
    return _Arrangement(level, boxes, title_width).result()


class _Arrangement:
    def __init__(self, level: LayeredLevel, boxes: Sequence[Box], title_width: float | None) -> None:
        self._level, self._boxes, self._title_width = level, boxes, title_width
        self._items = len(boxes)
        self._in_x = [dict(box.in_x) for box in boxes]
        self._out_x = [dict(box.out_x) for box in boxes]
        self._x = self._middles()
        self._leaving = [self._leave_x(link.upper, link.source) for link in level.links]
        self._lane_x = self._lanes()
        self._arriving, self._lane_arriving = self._arrivals()
        self._tops, self._bottoms, self._bottom = self._heights()
        self._pieces: list[tuple[float, float, float, float]] = []
        self._sources: list[int] = []
        self._parents: list[int] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def result(self) -> Arranged:
        self._draw()
        level, boxes = self._level, self._boxes
        left = [self._x[vertex] - box.width / 2 for vertex, box in enumerate(boxes)]
        top = [self._item_top(vertex) for vertex in range(self._items)]
        low, high = self._extent()
        ports = {source: self._x[self._items + index] for index, source in enumerate(level.in_ports)}
        first_out = self._items + len(level.in_ports)
        outs = {source: self._x[first_out + index] for index, source in enumerate(level.out_ports)}
        shift = MARGIN - low
        width = high - low + 2 * MARGIN
        title_x, width = self._title(sorted(x + shift for x in ports.values()), width)
        box = Box(
            width,
            self._bottom,
            tuple((source, x + shift) for source, x in ports.items()),
            tuple((source, x + shift) for source, x in outs.items()),
        )
        items = np.array([left, top, [box.width for box in boxes], [box.height for box in boxes]], np.float64)
        items[0] += shift
        pieces = np.array(self._pieces, np.float64).reshape(-1, 4)
        pieces[:, 0::2] += shift
        links = np.array([self._sources, self._parents, self._starts, self._ends], np.int32)
        return Arranged(box, title_x, items, pieces, links)

    # Horizontal

    def _middles(self) -> list[float]:
        level, boxes = self._level, self._boxes
        widths = [box.width + ITEM_GAP for box in boxes] + [BEND_WIDTH] * (len(level.rank) - self._items)
        links = [(link.upper, link.lower) for link in level.links]
        return place(level.layers, links, widths, level.first_bend) if widths else []

    def _leave_x(self, vertex: int, source: int) -> float:
        if vertex >= self._items:
            return self._x[vertex]
        box = self._boxes[vertex]
        return self._x[vertex] - box.width / 2 + self._out_x[vertex].get(source, box.width / 2)

    def _lanes(self) -> list[float]:
        """Give each lane the leftmost place at the right side that is free between its ends."""
        lanes, rank = self._level.lanes, self._level.rank
        if not lanes:
            return []
        _, high = self._items_extent()
        xs = [0.0] * len(lanes)
        free: list[int] = []
        busy: list[tuple[int, int]] = []
        used = 0
        for index in sorted(range(len(lanes)), key=lambda index: (rank[lanes[index].upper], rank[lanes[index].lower])):
            while busy and busy[0][0] <= rank[lanes[index].upper]:
                heapq.heappush(free, heapq.heappop(busy)[1])
            slot = heapq.heappop(free) if free else used
            used = max(used, slot + 1)
            heapq.heappush(busy, (rank[lanes[index].lower], slot))
            xs[index] = high + ITEM_GAP / 2 + slot * LANE_WIDTH
        return xs

    def _items_extent(self) -> tuple[float, float]:
        half = [box.width / 2 for box in self._boxes] + [BEND_WIDTH / 2] * (len(self._x) - self._items)
        low = min((x - size for x, size in zip(self._x, half, strict=True)), default=0.0)
        high = max((x + size for x, size in zip(self._x, half, strict=True)), default=0.0)
        return low, high

    def _extent(self) -> tuple[float, float]:
        low, high = self._items_extent()
        return low, max([high, *self._lane_x])

    def _arrivals(self) -> tuple[list[float], list[float]]:
        """Return where each link, and each lane, meets what is below it.

        A closed item is met straight from above where it is wide enough; several edges keep a distance.
        """
        level = self._level
        arriving, lane_arriving = [0.0] * len(level.links), [0.0] * len(level.lanes)
        coming: dict[int, list[tuple[float, int]]] = {}
        for index, link in enumerate(level.links):
            if link.lower >= self._items:
                arriving[index] = self._x[link.lower]
            else:
                coming.setdefault(link.lower, []).append((self._leaving[index], index))
        for index, lane in enumerate(level.lanes):
            if lane.lower >= self._items:
                lane_arriving[index] = self._x[lane.lower]
            else:
                coming.setdefault(lane.lower, []).append((self._lane_x[index], len(level.links) + index))
        for vertex, links in coming.items():
            box, left = self._boxes[vertex], self._x[vertex] - self._boxes[vertex].width / 2
            links.sort()
            xs = _spread([x - left for x, _ in links], box.width)
            for (_, index), x in zip(links, xs, strict=True):
                is_lane = index >= len(level.links)
                source = level.lanes[index - len(level.links)].source if is_lane else level.links[index].source
                at = left + self._in_x[vertex].get(source, x)
                if is_lane:
                    lane_arriving[index - len(level.links)] = at
                else:
                    arriving[index] = at
        return arriving, lane_arriving

    # Vertical

    def _heights(self) -> tuple[list[float], list[float], float]:
        level = self._level
        reach = [0.0] * (len(level.layers) + 1)
        for index, link in enumerate(level.links):
            at = level.rank[link.upper]
            reach[at] = max(reach[at], abs(self._arriving[index] - self._leaving[index]))
        for index, lane in enumerate(level.lanes):
            for at, x in (
                (level.rank[lane.upper], self._leave_x(lane.upper, lane.source)),
                (level.rank[lane.lower] - 1, self._lane_arriving[index]),
            ):
                reach[at] = max(reach[at], abs(self._lane_x[index] - x))
        is_group = self._title_width is not None
        y = 0.0 if level.in_ports else HEADER + 6.0 if is_group else MARGIN
        tops, bottoms = [], []
        for at, layer in enumerate(level.layers):
            height = max((self._boxes[vertex].height for vertex in layer if vertex < self._items), default=0.0)
            if at == 0 and level.in_ports:
                height = HEADER
            tops.append(y)
            bottoms.append(y + height)
            y += height + (18.0 if reach[at] < 1.0 else 24.0 + min(70.0, reach[at] * 0.09))
        bottom = bottoms[-1] if bottoms else y
        return tops, bottoms, bottom + (0.0 if level.out_ports else MARGIN)

    def _item_top(self, vertex: int) -> float:
        at = self._level.rank[vertex]
        return self._tops[at] + (self._bottoms[at] - self._tops[at] - self._boxes[vertex].height) / 2

    def _title(self, ports: list[float], width: float) -> tuple[float, float]:
        """Return where the title goes, clear of the edges that enter through the header, and the width it needs."""
        if self._title_width is None:
            return 0.0, width
        needed = self._title_width + 8.0
        left = 8.0
        for port in [*ports, float("inf")]:
            if port - left >= needed:
                break
            left = port + 8.0
        return left, max(width, left + needed)

    # Pieces

    def _draw(self) -> None:
        level = self._level
        children = [0] * len(level.links)
        for link in level.links:
            if link.parent >= 0:
                children[link.parent] += 1
        tails: list[int] = []
        first: dict[tuple[int, int], int] = {}
        for index, link in enumerate(level.links):
            if link.parent < 0:
                key = (link.upper, link.source)
                if key not in first:
                    first[key] = self._stub(link)
                parent = first[key]
            else:
                parent = tails[link.parent]
            can_extend = link.parent >= 0 and children[link.parent] == 1
            at = level.rank[link.upper]
            x0, x1 = self._leaving[index], self._arriving[index]
            start = self._start_of(link) if parent < 0 else INNER
            tail = self._add(
                x0, self._bottoms[at], x1, self._tops[at + 1], link.source, parent, start, INNER, can_extend
            )
            tail = self._finish(link.lower, x1, link.source, tail)
            tails.append(tail)
        for index, lane in enumerate(level.lanes):
            self._draw_lane(index, lane.upper, lane.lower, lane.source)
        self._turn_backward_edges()

    def _draw_lane(self, index: int, upper: int, lower: int, source: int) -> None:
        rank, x = self._level.rank, self._lane_x[index]
        link = Link(upper, lower, source, -1)
        parent = self._stub(link)
        start = self._start_of(link) if parent < 0 else INNER
        x0, y0, y1 = self._leave_x(upper, source), self._bottoms[rank[upper]], self._tops[rank[upper] + 1]
        tail = self._add(x0, y0, x, y1, source, parent, start, INNER, False)
        y0, y1 = self._bottoms[rank[lower] - 1], self._tops[rank[lower]]
        tail = self._add(x, self._pieces[tail][3], x, y0, source, tail, INNER, INNER, False)
        tail = self._add(x, y0, self._lane_arriving[index], y1, source, tail, INNER, INNER, False)
        self._finish(lower, self._lane_arriving[index], source, tail)

    def _start_of(self, link: Link) -> int:
        return link.upper if link.upper < self._items else IN_PORT

    def _stub(self, link: Link) -> int:
        """Draw from an item, or through the header from an in-port, down to the end of its layer."""
        at, x = self._level.rank[link.upper], self._leave_x(link.upper, link.source)
        if link.upper >= self._items:
            y = self._tops[at]
        else:
            y = self._item_top(link.upper) + self._boxes[link.upper].height
        if self._bottoms[at] - y < 0.01:
            return -1
        return self._add(x, y, x, self._bottoms[at], link.source, -1, self._start_of(link), INNER, False)

    def _finish(self, vertex: int, x: float, source: int, tail: int) -> int:
        """Draw from the top of a layer to the item in it, or through it along a bend."""
        level = self._level
        at = level.rank[vertex]
        if vertex < self._items:
            y = self._item_top(vertex)
            if y - self._tops[at] > 0.01:
                tail = self._add(x, self._tops[at], x, y, source, tail, INNER, INNER, True)
            self._ends[tail] = vertex
        elif vertex < level.first_bend:
            self._ends[tail] = OUT_PORT
        elif self._bottoms[at] - self._tops[at] > 0.01:
            tail = self._add(x, self._tops[at], x, self._bottoms[at], source, tail, INNER, INNER, True)
        return tail

    def _add(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        source: int,
        parent: int,
        start: int,
        end: int,
        can_extend: bool,
    ) -> int:
        if can_extend and parent >= 0 and abs(x1 - x0) < 0.01:
            px0, py0, px1, _ = self._pieces[parent]
            if px0 == px1 == x0:
                self._pieces[parent] = (px0, py0, x0, y1)
                return parent
        self._pieces.append((x0, y0, x1, y1))
        self._sources.append(source)
        self._parents.append(parent)
        self._starts.append(start)
        self._ends.append(end)
        return len(self._pieces) - 1

    def _turn_backward_edges(self) -> None:
        """An edge that runs upwards was drawn from its top; turn its pieces so that they lead to its target."""
        if not self._level.backward:
            return
        reaching: dict[tuple[int, int], list[int]] = {}
        for index, key in enumerate(zip(self._ends, self._sources, strict=True)):
            reaching.setdefault(key, []).append(index)
        for top, bottom, source in self._level.backward:
            tails = reaching.get((bottom, source), ())
            tail = next((index for index in tails if self._chain_start(index) == top), -1)
            chain = []
            while tail >= 0:
                chain.append(tail)
                tail = self._parents[tail]
            for position, piece in enumerate(chain):
                x0, y0, x1, y1 = self._pieces[piece]
                self._pieces[piece] = (x1, y1, x0, y0)
                self._parents[piece] = chain[position - 1] if position else -1
                self._starts[piece] = bottom if not position else INNER
                self._ends[piece] = top if position == len(chain) - 1 else INNER

    def _chain_start(self, piece: int) -> int:
        while self._parents[piece] >= 0:
            piece = self._parents[piece]
        return self._starts[piece]


def _spread(wished: list[float], width: float) -> list[float]:
    """Return positions on the upper side of an item, near those that are wished, in their order and apart."""
    low, high = min(8.0, width / 2), max(width - 8.0, width / 2)
    gap = min(7.0, (high - low) / max(1, len(wished) - 1)) if len(wished) > 1 else 0.0
    xs: list[float] = []
    for x in wished:
        xs.append(max(min(max(x, low), high), xs[-1] + gap if xs else low))
    limit = high
    for index in range(len(xs) - 1, -1, -1):
        xs[index] = min(xs[index], limit)
        limit = xs[index] - gap
    return xs
