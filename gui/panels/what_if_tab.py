"""What if the weights were smaller? Choices of compression as a table and a picture; one goes into the recipe."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.results import CompressionReport, CompressionTrial
from ..models.compression import CHOICE, ERROR, SECONDS, WEIGHTS, TrialsModel
from ..state.session import Session
from ..state.what_if import summary
from .empty_state import EmptyState
from .flat_table import FlatTable
from .wrapped import WrappedLabel

if TYPE_CHECKING:
    from .what_if_picture import WhatIfPicture

_EMPTY = "The exported package is compressed in several ways, and each is run and compared with your model."


class WhatIfTab(QWidget):
    choice_changed = Signal()
    """Another row was selected, or none."""

    def __init__(self, try_them: QAction, use: QAction) -> None:
        super().__init__()
        self._report: CompressionReport | None = None
        self._picture: WhatIfPicture | None = None
        self._build(try_them, use)

    @property
    def chosen(self) -> CompressionTrial | None:
        """The selected choice, if it can be used."""
        trial = self.model.row_at(self.table.currentIndex())
        return trial if trial is not None and trial.problem is None else None

    def _build(self, try_them: QAction, use: QAction) -> None:
        self.words = WrappedLabel()
        self.stale = WrappedLabel("The recipe has changed since; export and try again to see what it makes now.")
        self.model = TrialsModel(self)
        self.table = FlatTable(self.model, "Choices of compression", stretched=CHOICE, spared=(SECONDS, WEIGHTS, ERROR))
        for column in range(self.model.columnCount()):
            if column != CHOICE:
                self.table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.selectionModel().currentChanged.connect(self._choose)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.table)
        buttons = QHBoxLayout()
        for action in (use, try_them):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            buttons.addWidget(button)
        buttons.addStretch(1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self.words)
        layout.addWidget(self.stale)
        layout.addLayout(buttons)
        layout.addWidget(self._split, 1)
        self._empty = EmptyState("Nothing tried yet", _EMPTY, try_them)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        is_running = session.job is not None and session.job.kind == "compress"
        self._empty.say(*(("Trying", "Cancel ends it.") if is_running else ("Nothing tried yet", _EMPTY)))
        report = session.what_if
        self._stack.setCurrentIndex(0 if report is None else 1)
        self.stale.setVisible(session.is_result_stale)
        if report is None or report is self._report:
            return
        self._report = report
        self.words.setText(summary(report))
        self.model.show(report.trials)
        labels = [trial.label for trial in report.trials]
        best = labels.index(report.smallest_good) if report.smallest_good in labels else 0
        self.table.setCurrentIndex(self.model.index(best, CHOICE))
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _choose(self) -> None:
        self._draw()
        self.choice_changed.emit()

    def _draw(self) -> None:
        if self._report is None or not self.isVisible():
            return
        if self._picture is None:
            from .what_if_picture import WhatIfPicture

            self._picture = WhatIfPicture()
            self._split.addWidget(self._picture)
            self._split.setSizes([300, 320])
        self._picture.show_report(self._report, self.chosen)
