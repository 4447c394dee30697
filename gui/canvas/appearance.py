"""Colours and pens of the canvas: from the palette, light or dark."""

import colorsys
import dataclasses
from collections.abc import Mapping, Sequence

from PySide6.QtGui import QColor, QPalette

from ...core.graph.drawing.colours import DARK, LIGHT, Colours
from ...core.graph.families import FAMILIES


@dataclasses.dataclass(frozen=True, slots=True)
class Appearance:
    """Everything that a painter needs to know about colours; ``fills`` and ``strokes`` end with closed groups."""

    colours: Colours
    is_dark: bool
    ground: QColor
    text: QColor
    small_text: QColor
    edge: QColor
    accent: QColor
    fills: tuple[QColor, ...]
    strokes: tuple[QColor, ...]
    differences: Mapping[str, tuple[QColor, QColor]]


def appearance_of(palette: QPalette) -> Appearance:
    """Return the appearance that fits a palette: its base is the ground, its highlight marks what is chosen."""
    ground = palette.color(QPalette.ColorRole.Base)
    is_dark = ground.lightness() < 128
    colours = DARK if is_dark else LIGHT
    return Appearance(
        colours=colours,
        is_dark=is_dark,
        ground=ground,
        text=QColor(colours.text),
        small_text=QColor(colours.small_text),
        edge=QColor(colours.edge),
        accent=palette.color(QPalette.ColorRole.Highlight),
        fills=(*(QColor(colours.fills[name]) for name in FAMILIES), QColor(colours.closed_fill)),
        strokes=(*(QColor(colours.strokes[name]) for name in FAMILIES), QColor(colours.group_stroke)),
        differences={name: (QColor(pair[0]), QColor(pair[1])) for name, pair in colours.differences.items()},
    )


def module_colours(names: Sequence[str], *, is_dark: bool) -> dict[str, tuple[QColor, QColor]]:
    """Return fill and stroke of each name: hues that lie far apart, in the order of the names."""
    result = {}
    for index, name in enumerate(names):
        hue = (index * 0.61803398875 + 0.58) % 1.0
        fill = colorsys.hls_to_rgb(hue, 0.26 if is_dark else 0.88, 0.4 if is_dark else 0.65)
        stroke = colorsys.hls_to_rgb(hue, 0.65 if is_dark else 0.42, 0.5)
        result[name] = (QColor.fromRgbF(*fill), QColor.fromRgbF(*stroke))
    return result


def heat_colours(share: float, *, is_dark: bool) -> tuple[QColor, QColor]:
    """Return fill and stroke for a value between 0 and 1: from the ground to a strong red."""
    share = min(1.0, max(0.0, share))
    hue, saturation = (0.13 - 0.13 * share), 0.25 + 0.65 * share
    fill = colorsys.hls_to_rgb(hue, (0.22 + 0.13 * share) if is_dark else (0.95 - 0.25 * share), saturation)
    stroke = colorsys.hls_to_rgb(hue, 0.6 if is_dark else 0.4, saturation)
    return QColor.fromRgbF(*fill), QColor.fromRgbF(*stroke)
