"""Colours of nodes and groups, on a light and on a dark ground; texts on them have a contrast of at least 4.5."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Colours:
    """``#rrggbb`` texts; ``fills`` and ``strokes`` go by family."""

    ground: str
    text: str
    small_text: str
    edge: str
    group_fills: tuple[str, str]
    """Of boxes at even and at odd depth."""
    group_stroke: str
    title: str
    closed_fill: str
    fills: dict[str, str]
    strokes: dict[str, str]
    differences: dict[str, tuple[str, str]]
    """Fill and stroke of what was added, removed or changed."""


LIGHT = Colours(
    ground="#ffffff",
    text="#1c2530",
    small_text="#4c5967",
    edge="#6d7b8a",
    group_fills=("#f3f6f9", "#fbfcfd"),
    group_stroke="#b4c0cc",
    title="#3a4754",
    closed_fill="#e3e9f0",
    fills={
        "ends": "#d3eef0", "weights": "#d6e4fa", "activation": "#fde5cc", "norm": "#d9f0d9", "pool": "#e8ddf5",
        "arithmetic": "#eceff2", "shape": "#f7f7f4", "control": "#fdf0b8", "constant": "#ffffff", "other": "#f5dfe6",
    },
    strokes={
        "ends": "#2a8c95", "weights": "#3f74c4", "activation": "#cf7a1d", "norm": "#4c9a4c", "pool": "#8358b8",
        "arithmetic": "#8492a0", "shape": "#a9a998", "control": "#b3910f", "constant": "#8492a0", "other": "#b85575",
    },
    differences={
        "added": ("#cdeecf", "#2f8a38"), "removed": ("#f9d4d4", "#c03a3a"), "changed": ("#fdeeb0", "#a8860a"),
    },
)  # fmt: skip
DARK = Colours(
    ground="#1b1f24",
    text="#eceff3",
    small_text="#b7c1cc",
    edge="#8794a3",
    group_fills=("#23282f", "#2a3038"),
    group_stroke="#4a5563",
    title="#c9d2dc",
    closed_fill="#343d49",
    fills={
        "ends": "#17484d", "weights": "#223f6d", "activation": "#5c3b15", "norm": "#24492a", "pool": "#43305f",
        "arithmetic": "#3a424b", "shape": "#33352f", "control": "#55480f", "constant": "#22272d", "other": "#582e3d",
    },
    strokes={
        "ends": "#4cb5bf", "weights": "#6ea0ea", "activation": "#e79b47", "norm": "#72bf78", "pool": "#ab85dd",
        "arithmetic": "#8895a3", "shape": "#85887a", "control": "#d3b43c", "constant": "#8895a3", "other": "#dc839f",
    },
    differences={
        "added": ("#1f4d27", "#66c071"), "removed": ("#5f2427", "#e58080"), "changed": ("#54470e", "#d8bb45"),
    },
)  # fmt: skip
