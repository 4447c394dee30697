"""How far the exported model agrees with the model itself: a picture of each axis, and first failures as a table."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QHeaderView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from ..models.envelope import AGREES, AXIS, FAILURE, AxesModel
from ..state.advice import listed
from ..state.envelope import Axis, axes
from ..state.session import Session
from .empty_state import EmptyState
from .flat_table import FlatTable
from .wrapped import WrappedLabel

if TYPE_CHECKING:
    from .envelope_picture import EnvelopePicture

_EMPTY = "Measuring runs the compiled model beside yours over batch sizes, ranged dimensions, scales and types."
_LEGEND = (
    "Height is the largest relative error; the dashed line is the tolerance. Green: agrees. ✕: differs or fails. "
    "□: not run; the table says why."
)


class EnvelopeTab(QWidget):
    def __init__(self, measure: QAction) -> None:
        super().__init__()
        self._picture: EnvelopePicture | None = None
        self._axes: tuple[Axis, ...] = ()
        self._drawn: tuple[Axis, ...] = ()
        self._tolerance = 1e-5
        self._build(measure)

    def _build(self, measure: QAction) -> None:
        self.words = WrappedLabel()
        legend = WrappedLabel(_LEGEND, is_quiet=True)
        self.model = AxesModel(self)
        self.table = FlatTable(self.model, "Axes of the envelope")
        width = self.fontMetrics().averageCharWidth()
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, characters in ((AXIS, 26), (AGREES, 24), (FAILURE, 16)):
            self.table.header().resizeSection(column, characters * width)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.table)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self.words)
        layout.addWidget(self._split, 1)
        layout.addWidget(legend)
        self._empty = EmptyState("No envelope yet", _EMPTY, measure)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        advised = session.advised
        self._axes = () if advised is None else axes(advised.advice)
        self._stack.setCurrentIndex(1 if self._axes else 0)
        is_running = session.job is not None and session.job.kind == "advise"
        self._empty.say(*(("Measuring", "Cancel ends it.") if is_running else ("No envelope yet", _EMPTY)))
        if advised is None or not self._axes:
            return
        self._tolerance = advised.recipe.torchscript.check_tolerance
        self.words.setText(_words(session))
        self.model.show(self._axes)
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw(self) -> None:
        if not self._axes or not self.isVisible() or self._axes == self._drawn:
            return
        if self._picture is None:
            from .envelope_picture import EnvelopePicture

            self._picture = EnvelopePicture()
            self._split.insertWidget(0, self._picture)
            self._split.setStretchFactor(0, 3)
            self._split.setStretchFactor(1, 1)
            self._split.setSizes([500, 190])
        self._picture.show_axes(self._axes, self._tolerance)
        self._drawn = self._axes


def _words(session: Session) -> str:
    advised = session.advised
    assert advised is not None
    scripted = [path or "the model" for path, mark in advised.advice.marks.items() if mark == "script"]
    what = "as a plain trace"
    if scripted:
        what = "as a script" if scripted == ["the model"] else f"with {listed(scripted)} scripted"
    proven = "" if advised.advice.is_verified else " (no set of marks was verified)"
    stale = " The model or its inputs changed since; measure again." if session.is_advice_stale else ""
    return f"The model compiled {what}{proven}, beside the model itself.{stale}"
