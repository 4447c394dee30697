"""A layout as an SVG document that stands on its own."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from ..layout.engine import Layout, LayoutEngine
from ..layout.sizes import text_width
from .colours import LIGHT, Colours
from .picture import Curve, Rectangle, Shape, Text, shapes

_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"


def svg_of(engine: LayoutEngine, layout: Layout, colours: Colours = LIGHT, states: Sequence[str] | None = None) -> str:
    """Return the document; hovering a node in a browser shows its details.

    Args:
        states: of each node, where differences are shown: same, added, removed, changed.
    """
    return "\n".join(_document(engine, layout, colours, states)) + "\n"


def _document(engine: LayoutEngine, layout: Layout, colours: Colours, states: Sequence[str] | None) -> Iterator[str]:
    width, height = max(1.0, layout.width), max(1.0, layout.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}" font-family="{_FONT}">'
    )
    yield f"<title>{escape(_clean(engine.graph.title))}</title>"
    yield (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0.5,0.5 L7.5,4 L0.5,7.5 z" fill="{colours.edge}"/></marker></defs>'
    )
    yield f'<rect width="100%" height="100%" fill="{colours.ground}"/>'
    for shape in shapes(engine, layout, colours, states):
        yield _element(engine, shape)
    yield "</svg>"


def _element(engine: LayoutEngine, shape: Shape) -> str:
    match shape:
        case Rectangle():
            dash = ' stroke-dasharray="5 3"' if shape.is_dashed else ""
            start = (
                f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
                f'rx="{shape.radius:.1f}" fill="{shape.fill}" stroke="{shape.stroke}"{dash}'
            )
            if shape.item < 0:
                return start + "/>"
            identity, tip = _described(engine, shape.item)
            return f"{start} data-id={quoteattr(_clean(identity))}><title>{escape(_clean(tip))}</title></rect>"
        case Curve():
            marker = ' marker-end="url(#arrow)"' if shape.has_arrow else ""
            return f'<path d="{_path(shape)}" fill="none" stroke="{shape.stroke}" stroke-width="1.2"{marker}/>'
        case Text():
            anchor = ' text-anchor="middle"' if shape.is_centred else ""
            weight = ' font-weight="600"' if shape.is_bold else ""
            text = escape(_clean(fitted(shape.text, shape.width, shape.size)))
            return (
                f'<text x="{shape.x:.1f}" y="{shape.baseline:.1f}" font-size="{shape.size:g}"{anchor}{weight} '
                f'fill="{shape.fill}" pointer-events="none">{text}</text>'
            )


def _path(curve: Curve) -> str:
    if abs(curve.x1 - curve.x0) < 0.05:
        return f"M{curve.x0:.1f},{curve.y0:.1f} V{curve.y1:.1f}"
    bend = (curve.y1 - curve.y0) / 2
    return (
        f"M{curve.x0:.1f},{curve.y0:.1f} C{curve.x0:.1f},{curve.y0 + bend:.1f} "
        f"{curve.x1:.1f},{curve.y1 - bend:.1f} {curve.x1:.1f},{curve.y1:.1f}"
    )


def _described(engine: LayoutEngine, item: int) -> tuple[str, str]:
    graph, nodes = engine.graph, engine.hierarchy.node_count
    if item >= nodes:
        core = engine.hierarchy.core[item - nodes]
        if core < 0:
            return graph.groups.id[item - nodes], graph.groups.module[item - nodes] or graph.groups.label[item - nodes]
        item = core
    table = graph.nodes
    place = f"{table.file[item]}:{table.line[item]}" if table.file[item] else ""
    lines = (table.op[item], table.module[item], table.detail[item], place)
    return table.id[item], "\n".join(line for line in lines if line)


def fitted(text: str, width: float, size: float) -> str:
    """Return the text, its middle left out where it is wider than there is room."""
    if text_width(text, size) <= width + size:
        return text
    keep = len(text)
    while keep > 4 and text_width(text[: (keep + 1) // 2] + "…" + text[-(keep // 2) :], size) > width:
        keep -= 1
    return text[: (keep + 1) // 2] + "…" + text[-(keep // 2) :]


def _clean(text: str) -> str:
    """XML cannot hold control characters, and names in a file may have them."""
    return "".join(letter if letter >= " " or letter in "\t\n" else "\ufffd" for letter in text)
