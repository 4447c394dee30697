"""The envelope drawn with pyqtgraph; imported when the first picture is wanted, since that library is slow to load."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ...core.results import EnvelopePoint
from .. import theme
from ..state.envelope import EXACT, Axis, drawn_error

_MOST_COLUMNS = 3
_LEAST_WIDTH = 210
"""Pixels of one plot, with its ticks and its title."""
_SHORT = {"float32": "fp32", "float64": "fp64", "float16": "fp16", "bfloat16": "bf16"}
_SYMBOLS = {True: "o", False: "x", None: "s"}
_MEANINGS = {True: "success", False: "error", None: "muted"}


class EnvelopePicture(pg.GraphicsLayoutWidget):  # type: ignore[misc] # pyqtgraph has no types
    """One plot for each axis: the error at each point, and the region in which the two agree."""

    def __init__(self) -> None:
        # Before the base: its making changes palettes, which is told to us.
        self._axes: tuple[Axis, ...] = ()
        self._tolerance = 0.0
        self._columns = _MOST_COLUMNS
        super().__init__()
        self.setAccessibleName("Picture of the envelope")

    def show_axes(self, axes: tuple[Axis, ...], tolerance: float) -> None:
        """Draw other axes; the same ones are drawn again, since the colours may have changed."""
        self._axes, self._tolerance, self._columns = axes, tolerance, self._fitting_columns()
        palette = QApplication.palette()
        self.setBackground(palette.color(QPalette.ColorRole.Base))
        self.clear()
        for number, axis in enumerate(axes):
            plot = self.addPlot(row=number // self._columns, col=number % self._columns)
            self._draw(plot, axis, tolerance, palette.color(QPalette.ColorRole.Text))

    def _fitting_columns(self) -> int:
        return max(1, min(_MOST_COLUMNS, int(self.width()) // _LEAST_WIDTH))

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self._axes and self._columns != self._fitting_columns():
            self.show_axes(self._axes, self._tolerance)

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange and self._axes:
            self.show_axes(self._axes, self._tolerance)

    def _draw(self, plot: Any, axis: Axis, tolerance: float, text: QColor) -> None:
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setTitle(axis.title, color=text, size="10pt")
        for side in ("left", "bottom"):
            plot.getAxis(side).setPen(text)
            plot.getAxis(side).setTextPen(text)
        plot.getAxis("left").setTicks([[(power, _power_text(power)) for power in range(-8, 2, 2)]])
        positions = axis.positions
        plot.getAxis("bottom").setTicks([_ticks(axis, positions)])
        plot.setYRange(-8.4, 1.4, padding=0)
        span = (positions[-1] - positions[0]) or 1.0
        margin = (0.25 if axis.is_category else 0.08) * span
        plot.setXRange(positions[0] - margin, positions[-1] + margin, padding=0)
        colour = QColor(theme.meaning("success"))
        colour.setAlpha(45)
        for first, last in axis.regions:
            region = pg.LinearRegionItem((first - 0.03 * span, last + 0.03 * span), brush=colour, movable=False)
            for line in region.lines:
                line.setPen(pg.mkPen(None))
            plot.addItem(region)
        plot.addItem(pg.InfiniteLine(_power(tolerance), angle=0, pen=pg.mkPen(text, style=Qt.PenStyle.DashLine)))
        for kind in (True, False, None):
            self._add_points(plot, axis, kind)
        if (failure := axis.first_failure) is not None:
            at = positions[axis.points.index(failure)]
            label = pg.TextItem(f"first failure: {failure.value}", color=theme.meaning("error"), anchor=(0.5, 0.0))
            label.setPos(
                min(max(at, positions[0] + 0.3 * span), positions[-1] - 0.3 * span), drawn_error(failure) - 0.5
            )
            plot.addItem(label)

    def _add_points(self, plot: Any, axis: Axis, agrees: bool | None) -> None:
        rows: list[tuple[float, EnvelopePoint]] = [
            (position, point)
            for position, point in zip(axis.positions, axis.points, strict=True)
            if point.agrees is agrees
        ]
        colour = theme.meaning(_MEANINGS[agrees])
        plot.addItem(
            pg.ScatterPlotItem(
                x=[position for position, _ in rows],
                y=[drawn_error(point) for _, point in rows],
                symbol=_SYMBOLS[agrees],
                size=10,
                pen=pg.mkPen(colour, width=2),
                brush=pg.mkBrush(colour) if agrees else pg.mkBrush(None),
            )
        )


def _ticks(axis: Axis, positions: tuple[float, ...]) -> list[tuple[float, str]]:
    step = 1 if axis.is_category else max(1, round(len(positions) / 5))
    return [
        (position, _SHORT.get(point.value, point.value))
        for number, (position, point) in enumerate(zip(positions, axis.points, strict=True))
        if number % step == 0
    ]


def _power(value: float) -> float:
    import math

    return math.log10(max(value, EXACT))


def _power_text(power: int) -> str:
    return "equal" if power == -8 else f"1e{power}" if power else "1"
