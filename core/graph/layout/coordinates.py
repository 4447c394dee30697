"""Horizontal coordinates of one level: straight chains, straight long edges, no overlap.

Source: U. Brandes, B. Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2002), with the correction of 2020
(https://arxiv.org/abs/2008.01252). Differences: compaction is two passes of longest paths over blocks, and large levels
use two alignments, not four. Ports of open groups are not aligned, the groups' middles are: a stack of equal blocks
whose edges enter left and leave right would otherwise become a staircase.
"""

from collections.abc import Sequence
from itertools import pairwise

FOUR_ALIGNMENTS_UP_TO = 3000


def place(
    layers: Sequence[Sequence[int]], links: Sequence[tuple[int, int]], widths: Sequence[float], first_bend: int
) -> list[float]:
    """Return the x of the middle of each vertex.

    Args:
        layers: vertices from left to right, top layer first; each vertex once.
        links: (upper, lower) vertices, in neighbouring layers.
        widths: room that each vertex takes, the gap to its neighbours included.
        first_bend: vertices from here on are bends of long edges, which are kept straight.
    """
    count = len(widths)
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for upper, lower in links:
        above[lower].append(upper)
        below[upper].append(lower)
    conflicts = _conflicts(layers, above, first_bend)
    layouts = []
    choices = [(False, False), (False, True), (True, False), (True, True)]
    if count > FOUR_ALIGNMENTS_UP_TO:
        choices = [(False, False), (False, True)]
    for is_upward, is_rightward in choices:
        ordered = [list(layer) for layer in (reversed(layers) if is_upward else layers)]
        if is_rightward:
            ordered = [layer[::-1] for layer in ordered]
        sign = -1.0 if is_rightward else 1.0
        neighbours = below if is_upward else above
        xs = _compact(ordered, _align(ordered, neighbours, conflicts, count), widths)
        layouts.append([sign * x for x in xs])
    return _balanced(layouts, widths)


def _conflicts(layers: Sequence[Sequence[int]], above: list[list[int]], first_bend: int) -> set[tuple[int, int]]:
    """Return the links that cross a link between two bends; those must give way."""
    found: set[tuple[int, int]] = set()
    position = [0] * len(above)
    for layer in layers:
        for index, vertex in enumerate(layer):
            position[vertex] = index
    for upper, lower in pairwise(layers):
        if len(upper) < 2 or len(lower) < 2:
            continue
        left, scanned = 0, 0
        for index, vertex in enumerate(lower):
            bend_above = (
                next((other for other in above[vertex] if other >= first_bend), None) if vertex >= first_bend else None
            )
            if bend_above is None and index < len(lower) - 1:
                continue
            right = position[bend_above] if bend_above is not None else len(upper) - 1
            for between in lower[scanned : index + 1]:
                for other in above[between]:
                    is_inner = between >= first_bend and other >= first_bend
                    if not is_inner and not left <= position[other] <= right:
                        found.add((other, between))
            left, scanned = right, index + 1
    return found


def _align(
    layers: list[list[int]], neighbours: list[list[int]], conflicts: set[tuple[int, int]], count: int
) -> list[int]:
    """Join vertices into vertical blocks; returns the first vertex of the block of each."""
    position = [0] * count
    for layer in layers:
        for index, vertex in enumerate(layer):
            position[vertex] = index
    root = list(range(count))
    taken = [False] * count
    for layer in layers[1:]:
        reached = -1
        for vertex in layer:
            near = neighbours[vertex]
            if not near:
                continue
            if len(near) > 1:
                near = sorted(near, key=position.__getitem__)
            size = len(near)
            for index in ((size - 1) // 2,) if size % 2 else ((size - 1) // 2, size // 2):
                other = near[index]
                at = position[other]
                if at <= reached or taken[other] or (other, vertex) in conflicts or (vertex, other) in conflicts:
                    continue
                taken[other] = True
                root[vertex] = root[other]
                reached = at
                break
    return root


def _compact(layers: list[list[int]], root: list[int], widths: Sequence[float]) -> list[float]:
    """Push blocks left as far as they go, then right into the room that is left."""
    blocks = list(dict.fromkeys(root))
    after: dict[int, dict[int, float]] = {block: {} for block in blocks}
    waits = dict.fromkeys(blocks, 0)
    for layer in layers:
        for left, right in pairwise(layer):
            gap = (widths[left] + widths[right]) / 2
            known = after[root[left]].get(root[right])
            if known is None:
                waits[root[right]] += 1
            if known is None or gap > known:
                after[root[left]][root[right]] = gap
    ready = [block for block, waiting in waits.items() if not waiting]
    x = dict.fromkeys(blocks, 0.0)
    order = []
    while ready:
        block = ready.pop()
        order.append(block)
        here = x[block]
        for other, gap in after[block].items():
            if here + gap > x[other]:
                x[other] = here + gap
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    for block in reversed(order):
        if after[block]:
            room = min(x[other] - gap for other, gap in after[block].items())
            if room > x[block]:
                x[block] = room
    return [x[block] for block in root]


def _balanced(layouts: list[list[float]], widths: Sequence[float]) -> list[float]:
    """Shift all layouts against the narrowest, and take for each vertex the mean of its middle two."""
    bounds = []
    for layout in layouts:
        left = min(x - width / 2 for x, width in zip(layout, widths, strict=True))
        right = max(x + width / 2 for x, width in zip(layout, widths, strict=True))
        bounds.append((left, right))
    narrowest = min(range(len(layouts)), key=lambda index: bounds[index][1] - bounds[index][0])
    left, right = bounds[narrowest]
    shifts = [
        (left - own_left) if index % 2 == 0 else (right - own_right)
        for index, (own_left, own_right) in enumerate(bounds)
    ]
    if len(layouts) == 2:
        first, second = layouts
        return [(a + shifts[0] + b + shifts[1]) / 2 for a, b in zip(first, second, strict=True)]
    result = []
    for a, b, c, d in zip(*layouts, strict=True):
        values = sorted((a + shifts[0], b + shifts[1], c + shifts[2], d + shifts[3]))
        result.append((values[1] + values[2]) / 2)
    return result
