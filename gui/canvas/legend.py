"""What the colours mean, in a corner of the canvas."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ...core.graph.families import FAMILIES, FAMILY_NAMES
from .appearance import Appearance, heat_colours

MOST_ROWS = 12
_Row = tuple[QColor, QColor, str]


class Legend:
    """Rows of a colour and its meaning."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []

    def show_families(self, appearance: Appearance, present: Sequence[int]) -> None:
        """Name the kinds of operations that the scene has; one beyond the last family is a closed group."""
        names = [FAMILY_NAMES[name] for name in FAMILIES] + ["closed group"]
        self._rows = [(appearance.fills[index], appearance.strokes[index], names[index]) for index in present]

    def show_modules(self, colours: Mapping[str, tuple[QColor, QColor]]) -> None:
        """Name the outermost modules."""
        rows = [(fill, stroke, name or "the model") for name, (fill, stroke) in colours.items()]
        self._rows = rows[:MOST_ROWS]
        if len(rows) > MOST_ROWS:
            self._rows[-1] = (*rows[MOST_ROWS - 1][:2], f"and {len(rows) - MOST_ROWS + 1} more")

    def show_states(self, appearance: Appearance) -> None:
        """Name what a comparison tells apart."""
        signs = {"added": "+ added", "removed": "− removed", "changed": "~ changed"}
        self._rows = [(*appearance.differences[state], text) for state, text in signs.items()]
        self._rows.append((appearance.fills[-1], appearance.strokes[-1], "the same"))

    def show_heat(self, what: str, *, is_dark: bool) -> None:
        """Name the two ends of a scale."""
        self._rows = [
            (*heat_colours(1.0, is_dark=is_dark), f"most {what}"),
            (*heat_colours(0.5, is_dark=is_dark), "half of that"),
            (*heat_colours(0.0, is_dark=is_dark), f"least {what}"),
        ]

    def paint(self, painter: QPainter, window: QRect, appearance: Appearance) -> None:
        """Paint the rows at the lower left."""
        if not self._rows or window.height() < 260 or window.width() < 420:
            return
        font = QFont()
        font.setPixelSize(11)
        metrics = QFontMetricsF(font)
        width = 34.0 + max(metrics.horizontalAdvance(text) for _, _, text in self._rows)
        height = 8.0 + 17.0 * len(self._rows)
        left, top = 10.0, window.height() - height - 10.0
        ground = QColor(appearance.ground)
        ground.setAlpha(225)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(appearance.strokes[-1], 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(left, top, width, height), 5, 5)
        painter.setFont(font)
        for index, (fill, stroke, text) in enumerate(self._rows):
            y = top + 6.0 + 17.0 * index
            painter.setPen(QPen(stroke, 1))
            painter.setBrush(fill)
            painter.drawRoundedRect(QRectF(left + 8, y + 1, 14, 11), 3, 3)
            painter.setPen(appearance.text)
            painter.drawText(QPointF(left + 28, y + 11), text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
