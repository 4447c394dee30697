"""Size and error of each choice of compression, drawn with pyqtgraph; imported when the first picture is wanted."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from ...core.results import CompressionReport, CompressionTrial
from .. import theme
from ..state.what_if import points, title


class WhatIfPicture(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """One point a choice: further left is smaller, higher is nearer to the model."""

    def __init__(self) -> None:
        # Before the base: its making changes palettes, which is told to us.
        self._report: CompressionReport | None = None
        self._chosen: CompressionTrial | None = None
        super().__init__()
        self.setAccessibleName("Size and error of each choice")
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()

    def show_report(self, report: CompressionReport, chosen: CompressionTrial | None) -> None:
        """Draw a report; the chosen row's point is larger and named."""
        self._report, self._chosen = report, chosen
        text = QApplication.palette().color(QPalette.ColorRole.Text)
        self.setBackground(QApplication.palette().color(QPalette.ColorRole.Base))
        self.clear()
        # The axis of sizes says itself whether its numbers are kB or MB.
        for side, words, units in (("bottom", "size of the package", "B"), ("left", "PSNR, dB", "")):
            self.getAxis(side).setPen(text)
            self.getAxis(side).setTextPen(text)
            self.setLabel(side, words, units=units, color=text)
        self.getAxis("left").setSIPrefixEnableRanges(())
        self.addItem(pg.InfiniteLine(report.limit_db, angle=0, pen=pg.mkPen(text, style=Qt.PenStyle.DashLine)))
        for size, psnr, trial in points(report):
            colour = theme.meaning("success" if trial.is_good else "warning")
            is_chosen = chosen is not None and trial.label == chosen.label
            self.addItem(
                pg.ScatterPlotItem(
                    x=[size],
                    y=[psnr],
                    size=15 if is_chosen else 9,
                    # The shape tells what the colour tells.
                    symbol="o" if trial.is_good else "x",
                    pen=pg.mkPen(colour, width=2),
                    brush=pg.mkBrush(colour) if is_chosen or not trial.steps else pg.mkBrush(None),
                )
            )
            if is_chosen or (chosen is None and not trial.steps):
                # Beside the point, on the side where there is room; several points may lie at one place.
                is_left = size > 0.5 * max(row[0] for row in points(report))
                label = pg.TextItem(title(trial), color=text, anchor=(1.06 if is_left else -0.06, 1.2))
                label.setPos(size, psnr)
                self.addItem(label)
        self._frame(report)

    def _frame(self, report: CompressionReport) -> None:
        rows = points(report)
        sizes = [row[0] for row in rows] or [1]
        heights = [row[1] for row in rows] + [report.limit_db]
        span = max(heights) - min(heights) or 1.0
        self.setXRange(0, max(sizes) * 1.12, padding=0)
        self.setYRange(min(heights) - 0.08 * span, max(heights) + 0.18 * span, padding=0)

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange and self._report is not None:
            self.show_report(self._report, self._chosen)
