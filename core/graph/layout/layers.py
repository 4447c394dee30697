"""Puts the items of one level into layers, and into an order within each layer; knows no sizes.

Everything here depends on the structure alone, so opening a group elsewhere never reorders a level, and blocks that are
built alike are ordered once.
"""

import dataclasses
from itertools import pairwise
from typing import NamedTuple

from .hierarchy import IN_PORT, OUT_PORT, LevelShape

LONG_BUDGET = 3
"""Bends kept for long edges, for each item of the level; the longest edges beyond that get lanes at the side."""
SWEEPS = 4


class Link(NamedTuple):
    """Part of an edge between neighbouring layers; ``source`` is the value that it carries."""

    upper: int
    lower: int
    source: int
    parent: int
    """Index of the link that leads here, nearer to the source; -1 at the item where the edge leaves."""


class Lane(NamedTuple):
    """A very long edge, drawn beside all layers that it passes."""

    upper: int
    lower: int
    source: int


@dataclasses.dataclass(frozen=True, slots=True)
class LayeredLevel:
    """Vertices are counted: items of the level first, then in-ports, out-ports, and bends of long edges."""

    item_count: int
    in_ports: list[int]
    """Source of each in-port."""
    out_ports: list[int]
    layers: list[list[int]]
    rank: list[int]
    links: list[Link]
    lanes: list[Lane]
    backward: list[tuple[int, int, int]]
    """(upper vertex, lower vertex, source) of edges that run upwards."""

    @property
    def first_bend(self) -> int:
        return self.item_count + len(self.in_ports) + len(self.out_ports)


def layered(shape: LevelShape) -> LayeredLevel:
    """Return the level in layers, inputs at the top and outputs at the bottom."""
    in_ports = list(dict.fromkeys(source for start, _, source in shape.edges if start == IN_PORT))
    out_ports = list(dict.fromkeys(source for _, end, source in shape.edges if end == OUT_PORT))
    count = shape.item_count
    in_vertex = {source: count + position for position, source in enumerate(in_ports)}
    out_vertex = {source: count + len(in_ports) + position for position, source in enumerate(out_ports)}
    total = count + len(in_ports) + len(out_ports)

    edges: list[tuple[int, int, int]] = []
    backward: set[tuple[int, int, int]] = set()
    for start, end, source in shape.edges:
        upper = in_vertex[source] if start == IN_PORT else start
        lower = out_vertex[source] if end == OUT_PORT else end
        if upper < count and lower < count and upper > lower:
            upper, lower = lower, upper
            backward.add((upper, lower, source))
        edges.append((upper, lower, source))

    rank = _ranks(count, len(in_ports), total, edges)
    links, lanes, bends = _split(edges, rank, backward, total)
    # Where each vertex lies in the program, to begin with: that of a port or a bend is where its value is made.
    begins = [(2 * item + 1, -1) for item in range(count)]
    begins += [(shape.source_places[source], source) for source in (*in_ports, *out_ports)]
    for bend_rank, source in bends:
        rank.append(bend_rank)
        begins.append((shape.source_places[source], source))
    layers = _ordered(rank, begins, links)
    return LayeredLevel(count, in_ports, out_ports, layers, rank, links, lanes, sorted(backward))


def _ranks(items: int, in_ports: int, total: int, edges: list[tuple[int, int, int]]) -> list[int]:
    """Return the layer of each vertex; items are already in an order in which edges only run forward."""
    below: list[list[int]] = [[] for _ in range(total)]
    above: list[list[int]] = [[] for _ in range(total)]
    for upper, lower, _ in edges:
        below[upper].append(lower)
        above[lower].append(upper)
    rank = [0] * total
    first = 1 if in_ports else 0
    for vertex in range(items):
        rank[vertex] = max([rank[upper] + 1 for upper in above[vertex]], default=first)
    last = max(rank[:items], default=0) + 1
    for vertex in range(items + in_ports, total):
        rank[vertex] = last
    # What hangs on nothing above (a constant, an input) moves down to its first reader.
    hangs = [False] * total
    for vertex in range(items):
        hangs[vertex] = all(hangs[upper] for upper in above[vertex])
    for vertex in range(items - 1, -1, -1):
        if hangs[vertex] and below[vertex]:
            rank[vertex] = min(rank[lower] for lower in below[vertex]) - 1
    return rank


def _split(
    edges: list[tuple[int, int, int]], rank: list[int], backward: set[tuple[int, int, int]], total: int
) -> tuple[list[Link], list[Lane], list[tuple[int, int]]]:
    """Cut edges into links of one layer each; edges of one value share the links that they can."""
    buses: dict[tuple[int, int, int], list[int]] = {}
    for upper, lower, source in edges:
        alone = lower if (upper, lower, source) in backward else -1
        buses.setdefault((upper, source, alone), []).append(lower)
    budget = LONG_BUDGET * total + 200
    spans = {bus: max(rank[lower] for lower in lowers) - rank[bus[0]] - 1 for bus, lowers in buses.items()}
    in_lanes = set()
    if sum(spans.values()) > budget:
        spent = 0
        for bus in sorted(spans, key=lambda bus: (spans[bus], bus)):
            spent += spans[bus]
            if spent > budget and spans[bus] > 2:
                in_lanes.add(bus)
    links: list[Link] = []
    lanes: list[Lane] = []
    bends: list[tuple[int, int]] = []
    for bus, lowers in buses.items():
        upper, source, _ = bus
        lowers.sort(key=lambda lower: (rank[lower], lower))
        at, at_rank, parent = upper, rank[upper], -1
        for lower in lowers:
            if bus in in_lanes and rank[lower] - rank[upper] > 2:
                lanes.append(Lane(upper, lower, source))
                continue
            while at_rank < rank[lower] - 1:
                at_rank += 1
                bend = total + len(bends)
                bends.append((at_rank, source))
                links.append(Link(at, bend, source, parent))
                at, parent = bend, len(links) - 1
            links.append(Link(at, lower, source, parent))
    return links, lanes, bends


def _ordered(rank: list[int], begins: list[tuple[int, int]], links: list[Link]) -> list[list[int]]:
    """Return the layers, each in an order with few crossings: barycentres, swept down and up."""
    layers: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for vertex in sorted(range(len(rank)), key=begins.__getitem__):
        layers[rank[vertex]].append(vertex)
    if all(len(layer) < 2 for layer in layers):
        return layers
    above: list[list[int]] = [[] for _ in rank]
    below: list[list[int]] = [[] for _ in rank]
    for link in links:
        above[link.lower].append(link.upper)
        below[link.upper].append(link.lower)
    place = [0.0] * len(rank)
    for layer in layers:
        _number(layer, place)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below, place)
    for _ in range(SWEEPS):
        if not fewest:
            break
        for layer in layers:
            _sort(layer, above, place)
        for layer in reversed(layers):
            _sort(layer, below, place)
        crossings = _crossings(layers, below, place)
        if crossings >= fewest:
            break
        best, fewest = [list(layer) for layer in layers], crossings
    return best


def _number(layer: list[int], place: list[float]) -> None:
    middle = (len(layer) - 1) / 2
    for position, vertex in enumerate(layer):
        place[vertex] = position - middle


def _sort(layer: list[int], neighbours: list[list[int]], place: list[float]) -> None:
    if len(layer) < 2:
        return
    wished = {}
    for vertex in layer:
        near = neighbours[vertex]
        wished[vertex] = sum([place[other] for other in near]) / len(near) if near else place[vertex]
    layer.sort(key=wished.__getitem__)
    _number(layer, place)


def _crossings(layers: list[list[int]], below: list[list[int]], place: list[float]) -> int:
    """Count crossings between neighbouring layers, by merge-free insertion into a Fenwick tree."""
    total = 0
    for upper, lower in pairwise(layers):
        if len(upper) < 2 or len(lower) < 2:
            continue
        offset = (len(lower) - 1) / 2
        tree = [0] * (len(lower) + 1)
        seen = 0
        for vertex in upper:
            ends = sorted(int(place[end] + offset) for end in below[vertex])
            for end in ends:
                index, passed = end + 1, 0
                while index:
                    passed += tree[index]
                    index &= index - 1
                total += seen - passed
            for end in ends:
                index = end + 1
                while index <= len(lower):
                    tree[index] += 1
                    index += index & -index
            seen += len(ends)
    return total
