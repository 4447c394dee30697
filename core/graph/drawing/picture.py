"""A layout as a list of simple shapes, in painting order: what SVG and PNG have in common."""

import dataclasses
from collections.abc import Iterator, Sequence

from ..families import FAMILIES, families
from ..layout.engine import CLOSED, OPEN, SOLID, Layout, LayoutEngine
from ..layout.sizes import FONT_SIZE, PADDING, SMALL_FONT_SIZE
from .colours import Colours

BADGE = 13.0
"""Size of the sign at the corner of what differs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    radius: float
    is_dashed: bool = False
    item: int = -1
    """Node or group it stands for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """Straight where x0 equals x1, else an S whose ends are vertical."""

    x0: float
    y0: float
    x1: float
    y1: float
    stroke: str
    has_arrow: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    x: float
    baseline: float
    width: float
    """Room there is; a text that is wider is cut."""
    text: str
    size: float
    fill: str
    is_centred: bool = True
    is_bold: bool = False


Shape = Rectangle | Curve | Text


def shapes(
    engine: LayoutEngine, layout: Layout, colours: Colours, states: Sequence[str] | None = None
) -> Iterator[Shape]:
    """Return the shapes of a layout: boxes from the outside in, then edges, then nodes with their texts.

    Args:
        states: of each node, where differences are shown: same, added, removed, changed.
    """
    yield from _boxes(engine, layout, colours)
    ends = layout.piece_ends.array.reshape(-1, 4).tolist()
    for (x0, y0, x1, y1), target in zip(ends, layout.piece_target.array.tolist(), strict=True):
        yield Curve(x0, y0, x1, y1, colours.edge, target >= 0)
    yield from _items(engine, layout, colours, states)


def _boxes(engine: LayoutEngine, layout: Layout, colours: Colours) -> Iterator[Shape]:
    nodes = engine.hierarchy.node_count
    x, y, width, height = (
        column.array for column in (layout.item_x, layout.item_y, layout.item_width, layout.item_height)
    )
    kinds = list(engine.graph.groups.kind)
    depth = {-1: -1}
    for group in layout.opened.array.tolist():
        outer = engine.hierarchy.group_parent[group]
        depth[group] = depth[outer] + 1
        item = nodes + group
        is_control = kinds[group] in ("if", "loop", "branch")
        yield Rectangle(
            float(x[item]),
            float(y[item]),
            float(width[item]),
            float(height[item]),
            colours.group_fills[depth[group] % 2],
            colours.strokes["control"] if is_control else colours.group_stroke,
            6.0,
            is_dashed=kinds[group] == "branch",
            item=item,
        )


def _items(
    engine: LayoutEngine, layout: Layout, colours: Colours, states_of_nodes: Sequence[str] | None
) -> Iterator[Shape]:
    nodes = engine.hierarchy.node_count
    x, y, width, height = (
        column.array.tolist() for column in (layout.item_x, layout.item_y, layout.item_width, layout.item_height)
    )
    states = layout.group_state.array.tolist()
    titles = layout.title_x.array.tolist()
    family = [FAMILIES[code] for code in families(engine.graph).tolist()]
    parents = engine.hierarchy.group_parent
    of_node = engine.graph.nodes.group.array.tolist()
    for item in range(nodes + len(states)):
        if not width[item]:
            continue
        group = item - nodes
        if group >= 0 and states[group] == OPEN:
            label = engine.graph.groups.label[group]
            yield Text(
                x[item] + titles[group], y[item] + 16.0, width[item], label, FONT_SIZE, colours.title, False, True
            )
            continue
        outer = of_node[item] if item < nodes else parents[group]
        if outer >= 0 and states[outer] == SOLID:
            continue
        name = (
            family[engine.hierarchy.core[group] if group >= 0 else item] if group < 0 or states[group] == SOLID else ""
        )
        is_closed = group >= 0 and states[group] == CLOSED
        fill = colours.closed_fill if is_closed else colours.fills[name]
        stroke = colours.group_stroke if is_closed else colours.strokes[name]
        mark = ""
        if states_of_nodes is not None:
            fill, stroke, mark = _difference(engine, item, states_of_nodes, colours)
        radius = height[item] / 2 if name == "ends" else 4.0
        if is_closed:
            yield Rectangle(x[item] + 3, y[item] + 3, width[item], height[item], fill, stroke, radius)
        yield Rectangle(x[item], y[item], width[item], height[item], fill, stroke, radius, item=item)
        yield from _lines(engine, item, (x[item], y[item], width[item], height[item]), colours, mark)


def _lines(
    engine: LayoutEngine, item: int, box: tuple[float, float, float, float], colours: Colours, mark: str
) -> Iterator[Shape]:
    x, y, width, height = box
    first, second = engine.texts(item)
    if mark:
        # On the corner, where no label is.
        yield Rectangle(x - BADGE / 2, y - BADGE / 2, BADGE, BADGE, colours.ground, colours.text, BADGE / 2)
        yield Text(x, y + 4.0, BADGE, mark, SMALL_FONT_SIZE, colours.text, True, True)
    middle, room = x + width / 2, width - PADDING
    top = y + height / 2 + (4.0 if not second else -2.5)
    yield Text(middle, top, room, first, FONT_SIZE, colours.text)
    if second:
        yield Text(middle, top + 13.5, room, second, SMALL_FONT_SIZE, colours.small_text)


def _difference(engine: LayoutEngine, item: int, states: Sequence[str], colours: Colours) -> tuple[str, str, str]:
    """Return fill, stroke and sign of a node, or of a closed group: what most matters of what is in it."""
    nodes = engine.hierarchy.node_count
    inside = {states[item]} if item < nodes else {states[node] for node in engine.hierarchy.nodes_inside(item - nodes)}
    if inside == {"same"}:
        return colours.closed_fill, colours.group_stroke, ""
    state = inside.pop() if len(inside) == 1 else "changed"
    return (*colours.differences[state], {"added": "+", "removed": "−", "changed": "~"}[state])
