"""A layout as a PNG, drawn by Pillow: no screen and no font of the system is needed."""

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from ...errors import fail
from ..layout.engine import Layout, LayoutEngine
from .colours import LIGHT, Colours
from .picture import Curve, Rectangle, Text, shapes
from .svg import fitted

MOST_PIXELS = 120_000_000
STEPS = 12
"""Straight parts of a curve."""


def png_of(
    engine: LayoutEngine,
    layout: Layout,
    colours: Colours = LIGHT,
    states: Sequence[str] | None = None,
    scale: float = 2.0,
) -> bytes:
    """Return the picture; a large one is made at a smaller scale, and one that is too large is refused.

    Raises:
        ExportDeskError: ``graph.picture-too-large``.
    """
    pixels = max(1.0, layout.width) * max(1.0, layout.height)
    scale = min(scale, (MOST_PIXELS / pixels) ** 0.5)
    if scale < 0.5:
        fail(
            "graph.picture-too-large",
            f"The picture would be {layout.width:,.0f} × {layout.height:,.0f} pixels.",
            hint="Write an SVG, or open fewer groups (--expand depth=1).",
        )
    size = (max(1, round(layout.width * scale)), max(1, round(layout.height * scale)))
    image = Image.new("RGB", size, colours.ground)
    draw = ImageDraw.Draw(image)
    for shape in shapes(engine, layout, colours, states):
        match shape:
            case Rectangle():
                box = [value * scale for value in (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)]
                radius = min(shape.radius * scale, (box[3] - box[1]) / 2)
                draw.rounded_rectangle(box, radius, fill=shape.fill, outline=shape.stroke, width=max(1, round(scale)))
            case Curve():
                _curve(draw, shape, scale)
            case Text():
                font = _font(shape.size * scale)
                text = _written(fitted(shape.text, shape.width, shape.size), font)
                anchor = "ms" if shape.is_centred else "ls"
                stroke = 0.3 * scale if shape.is_bold else 0
                draw.text(
                    (shape.x * scale, shape.baseline * scale), text, shape.fill, font, anchor, stroke_width=stroke
                )
    target = io.BytesIO()
    image.save(target, "PNG", optimize=False)
    return target.getvalue()


def _curve(draw: ImageDraw.ImageDraw, curve: Curve, scale: float) -> None:
    points = [(curve.x0, curve.y0), (curve.x1, curve.y1)]
    if abs(curve.x1 - curve.x0) >= 0.05:
        points = [_point(curve, step / STEPS) for step in range(STEPS + 1)]
    draw.line(
        [(x * scale, y * scale) for x, y in points], curve.stroke, width=max(1, round(1.2 * scale)), joint="curve"
    )
    if curve.has_arrow:
        x, y = curve.x1 * scale, curve.y1 * scale
        draw.polygon([(x, y), (x - 3.5 * scale, y - 7 * scale), (x + 3.5 * scale, y - 7 * scale)], fill=curve.stroke)


def _point(curve: Curve, at: float) -> tuple[float, float]:
    blend = at * at * (3 - 2 * at)
    # The same cubic as in the SVG: both ends vertical, bending in the middle.
    y = curve.y0 + (curve.y1 - curve.y0) * (1.5 * at * (1 - at) ** 2 + 1.5 * at * at * (1 - at) + at**3)
    return curve.x0 + (curve.x1 - curve.x0) * blend, y


@lru_cache(maxsize=16)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font of the system that has arrows and signs, or the one that Pillow brings."""
    for name in (
        "DejaVuSans.ttf",
        "Arial Unicode.ttf",
        "segoeui.ttf",
        "NotoSans-Regular.ttf",
        "LiberationSans-Regular.ttf",
    ):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _written(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return a text that the font can show: the one that Pillow brings knows few signs."""
    if isinstance(font, ImageFont.FreeTypeFont) and font.getname()[0] != "Aileron":
        return text
    return text.translate(_PLAIN)


_PLAIN = str.maketrans({"→": ">", "×": "x", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!=", "…": "...", "·": "-"})
