"""Errors and ranges over the depth of a model, drawn with pyqtgraph; imported when they are first wanted."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ...core.results import LayerError
from .. import theme
from ..state.layers import LARGEST_HALF, SMALLEST_NORMAL_HALF

_EXACT = 1e-8
"""Where an error of zero is drawn."""
_INFINITE = 10.0
"""Where an error is drawn that is no number."""
_LONGEST_LABEL = 12


class LayersPicture(pg.GraphicsLayoutWidget):  # type: ignore[misc] # pyqtgraph has no types
    """Above, the relative error of each layer; below, the magnitudes that it gives beside what float16 can hold."""

    layer_chosen = Signal(int)
    """Number of the layer whose point was clicked."""

    def __init__(self) -> None:
        # Before the base: its making changes palettes, which is told to us.
        self._rows: tuple[LayerError, ...] = ()
        super().__init__()
        self.setAccessibleName("Picture of errors over depth")

    def show_rows(self, rows: tuple[LayerError, ...]) -> None:
        self._rows = rows
        palette = QApplication.palette()
        self.setBackground(palette.color(QPalette.ColorRole.Base))
        self.clear()
        text = palette.color(QPalette.ColorRole.Text)
        own, single = theme.meaning("trace"), theme.meaning("muted")
        errors = self._plot(
            0, f"Relative error: {_key('●', own)} float16, {_key('■', single)} computed in 32 bit", text
        )
        _line(errors, rows, _error, own, "o", self.layer_chosen.emit)
        _line(errors, rows, _single_error, single, "s", self.layer_chosen.emit)
        high, low = theme.meaning("script"), theme.meaning("muted")
        title = f"{_key('▲', high)} largest and {_key('▼', low)} smallest value; dashed: float16 ends at 65504, "
        ranges = self._plot(1, f"{title}loses digits below 6e-5", text)
        _line(ranges, rows, _largest, high, "t1", self.layer_chosen.emit)
        _line(ranges, rows, _smallest, low, "t", self.layer_chosen.emit)
        for value in (LARGEST_HALF, SMALLEST_NORMAL_HALF):
            pen = pg.mkPen(theme.meaning("error"), style=Qt.PenStyle.DashLine)
            ranges.addItem(pg.InfiniteLine(math.log10(value), angle=0, pen=pen))
        ranges.setXLink(errors)

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange and self._rows:
            self.show_rows(self._rows)

    def _plot(self, number: int, title: str, text: QColor) -> Any:
        plot = self.addPlot(row=number, col=0)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.setTitle(title, color=text, size="10pt")
        plot.showGrid(y=True, alpha=0.15)
        for side in ("left", "bottom"):
            plot.getAxis(side).setPen(text)
            plot.getAxis(side).setTextPen(text)
        plot.setXRange(-0.6, len(self._rows) - 0.4, padding=0)
        plot.getAxis("left").setWidth(46)
        plot.getAxis("left").setLogMode(True)
        plot.getAxis("bottom").setTicks([_ticks(self._rows)])
        return plot


def _key(sign: str, colour: QColor) -> str:
    return f'<span style="color: {colour.name()}">{sign}</span>'


def _line(
    plot: Any,
    rows: Sequence[LayerError],
    value: Callable[[LayerError], float | None],
    colour: QColor,
    symbol: str,
    chosen: Callable[[int], None],
) -> None:
    points = [(number, found) for number, row in enumerate(rows) if (found := value(row)) is not None]
    if not points:
        return
    drawn = plot.plot(
        [number for number, _ in points],
        [math.log10(found) for _, found in points],
        pen=pg.mkPen(colour, width=1.5),
        symbol=symbol,
        symbolSize=7,
        symbolPen=pg.mkPen(colour),
        symbolBrush=pg.mkBrush(colour),
    )
    drawn.sigPointsClicked.connect(lambda _, clicked: chosen(round(clicked[0].pos().x())))


def _error(row: LayerError) -> float | None:
    return _INFINITE if row.max_relative_error is None else max(row.max_relative_error, _EXACT)


def _single_error(row: LayerError) -> float | None:
    return None if row.float32_relative_error is None else max(row.float32_relative_error, _EXACT)


def _largest(row: LayerError) -> float | None:
    return row.largest if 0 < row.largest < math.inf else None


def _smallest(row: LayerError) -> float | None:
    return row.smallest if 0 < row.smallest < math.inf else None


def _ticks(rows: Sequence[LayerError]) -> list[tuple[float, str]]:
    step = max(1, math.ceil(len(rows) / 8))
    return [(number, _short(row.module) or "(model)") for number, row in enumerate(rows) if number % step == 0]


def _short(path: str) -> str:
    return path if len(path) <= _LONGEST_LABEL else f"…{path[-_LONGEST_LABEL:]}"
