"""What the colours mean, in a strip under the canvas: it covers no node, however small the window is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from ...core.graph.families import FAMILIES, FAMILY_NAMES
from .appearance import Appearance, heat_colours

MOST_ROWS = 12
_LINE, _MARGIN, _GAP, _SWATCH = 18.0, 8.0, 14.0, 20.0


class Row(NamedTuple):
    fill: QColor
    stroke: QColor
    text: str


def family_rows(appearance: Appearance, present: Sequence[int]) -> list[Row]:
    """Name the kinds of operations that the scene has; one beyond the last family is a closed group."""
    names = [FAMILY_NAMES[name] for name in FAMILIES] + ["closed group"]
    return [Row(appearance.fills[index], appearance.strokes[index], names[index]) for index in present]


def name_rows(colours: Mapping[str, tuple[QColor, QColor]]) -> list[Row]:
    """Name modules, or whatever words the colours stand for."""
    rows = [Row(fill, stroke, name or "the model") for name, (fill, stroke) in colours.items()]
    if len(rows) <= MOST_ROWS:
        return rows
    return [*rows[: MOST_ROWS - 1], rows[MOST_ROWS - 1]._replace(text=f"and {len(rows) - MOST_ROWS + 1} more")]


def state_rows(appearance: Appearance) -> list[Row]:
    """Name what a comparison tells apart."""
    signs = {"added": "+ added", "removed": "− removed", "changed": "~ changed"}
    rows = [Row(*appearance.differences[state], text) for state, text in signs.items()]
    return [*rows, Row(appearance.fills[-1], appearance.strokes[-1], "the same")]


def heat_rows(most: str, half: str, appearance: Appearance) -> list[Row]:
    """Name the ends and the middle of a scale that begins at nothing."""
    shares = {1.0: most, 0.5: half, 0.0: "almost none"}
    rows = [Row(*heat_colours(share, is_dark=appearance.is_dark), text) for share, text in shares.items()]
    return [*rows, Row(appearance.fills[-1], appearance.strokes[-1], "not known")]


class LegendStrip(QWidget):
    """Colours with their meanings, as many in a line as there is room for, and a remark behind them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What the colours mean")
        self._rows: list[Row] = []
        self._remark = ""
        self._appearance: Appearance | None = None
        self._places: list[tuple[float, float]] = []
        self._font = QFont()
        self._font.setPixelSize(11)

    def show_rows(self, rows: Sequence[Row], remark: str, appearance: Appearance) -> None:
        self._rows, self._remark, self._appearance = list(rows), remark, appearance
        self.setToolTip(remark)
        self.setAccessibleDescription(", ".join([*(row.text for row in rows), remark]))
        self._arrange()

    @property
    def texts(self) -> list[str]:
        """What it says, in order."""
        return [row.text for row in self._rows] + ([self._remark] if self._remark else [])

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        """Place the rows and the remark in lines, and take the height that they need."""
        metrics = QFontMetricsF(self._font)
        x, y, self._places = _MARGIN, 3.0, []
        for text in self.texts:
            is_remark = len(self._places) == len(self._rows)
            wanted = metrics.horizontalAdvance(text) + (0.0 if is_remark else _SWATCH)
            if x > _MARGIN and x + wanted > self.width() - _MARGIN:
                x, y = _MARGIN, y + _LINE
            self._places.append((x, y))
            x += wanted + _GAP
        self.setFixedHeight(round(y + _LINE + 3.0) if self._places else 0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        appearance = self._appearance
        if appearance is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), appearance.ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self._font)
        for row, (x, y) in zip(self._rows, self._places, strict=False):
            painter.setPen(QPen(row.stroke, 1))
            painter.setBrush(row.fill)
            painter.drawRoundedRect(QRectF(x, y + 3, 14, 11), 3, 3)
            painter.setPen(appearance.text)
            painter.drawText(QRectF(x + _SWATCH, y, self.width(), _LINE), Qt.AlignmentFlag.AlignVCenter, row.text)
        if self._remark:
            x, y = self._places[-1]
            room = self.width() - x - _MARGIN
            shown = QFontMetricsF(self._font).elidedText(self._remark, Qt.TextElideMode.ElideRight, room)
            painter.setPen(appearance.small_text)
            painter.drawText(QRectF(x, y, room, _LINE), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
