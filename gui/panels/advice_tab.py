"""The advisor's answer: what to script, the marks beside the present ones, and the evidence for each line."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..models.advice import MODULE, PLACE, VERDICT, MarkRowsModel, PlacesModel
from ..state import advice as told
from ..state.session import Selection, Session
from .empty_state import EmptyState
from .flat_table import FlatTable
from .story import Story
from .wrapped import WrappedLabel


class AdviceTab(QWidget):
    place_chosen = Signal(object)
    """A Selection."""

    def __init__(self, advise: QAction, apply: QAction) -> None:
        super().__init__()
        self._shown: Session | None = None
        self._build(advise, apply)
        self.places_table.selectionModel().currentRowChanged.connect(self._choose)

    def _build(self, advise: QAction, apply: QAction) -> None:
        self.verdict = WrappedLabel()
        font = self.verdict.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.verdict.setFont(font)
        self.proof = WrappedLabel()
        self.stale = WrappedLabel("The model or its inputs changed since this answer; advise again.")
        buttons = QHBoxLayout()
        for action in (apply, advise):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            buttons.addWidget(button)
        self.remark = QLabel()
        buttons.addWidget(self.remark, 1)
        self.places = PlacesModel(self)
        self.places_table = FlatTable(self.places, "What was tested")
        self.marks = MarkRowsModel(self)
        self.marks_table = FlatTable(self.marks, "Marks now and advised", stretched=0)
        width = self.fontMetrics().averageCharWidth()
        for column, characters in ((VERDICT, 17), (MODULE, 22), (PLACE, 18)):
            self.places_table.header().resizeSection(column, characters * width)
        for column in range(1, self.marks.columnCount()):
            self.marks_table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.evidence = Story("Evidence")
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        for label in (self.verdict, self.proof, self.stale):
            layout.addWidget(label)
        layout.addLayout(buttons)
        layout.addWidget(self._split(), 1)
        self._stack = QStackedWidget()

        self._empty = EmptyState("No advice yet", _EMPTY, advise)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _split(self) -> QSplitter:
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(self.evidence)
        lower.addWidget(self.marks_table)
        lower.setStretchFactor(0, 3)
        lower.setStretchFactor(1, 2)
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(self.places_table)
        whole.addWidget(lower)
        whole.setStretchFactor(0, 2)
        whole.setStretchFactor(1, 3)
        return whole

    def show_state(self, session: Session) -> None:
        advised, document = session.advised, session.document
        self._stack.setCurrentIndex(0 if advised is None else 1)
        if session.job is not None and session.job.kind == "advise":
            self._empty.say("Looking for what must be scripted", "The model runs on many inputs; Cancel ends it.")
        else:
            self._empty.say("No advice yet", _EMPTY)
        if advised is None or document is None:
            return
        advice = advised.advice
        self.verdict.setText(told.headline(advice))
        self.proof.setText(told.proof(advice))
        self.stale.setVisible(session.is_advice_stale)
        rows = told.mark_rows(advice, document.recipe)
        self.marks.show(rows)
        self.marks_table.setVisible(bool(rows))
        self.remark.setText(_remark(session))
        places = told.places(advice)
        if places != self.places.rows:
            self.places.show(places)
            self.places_table.setVisible(bool(places))
            if places:
                self.places_table.setCurrentIndex(self.places.index(0, 0))
            else:
                self.evidence.setHtml(_NOTHING_DOUBTFUL)

    def choose_first(self) -> None:
        """Select the gravest place, here and everywhere."""
        self._choose(self.places.index(0, 0))

    def _choose(self, current: QModelIndex) -> None:
        row = self.places.row_at(current)
        if row is not None:
            self.evidence.setHtml(told.evidence_html(row))
            self.place_chosen.emit(Selection(module=row.module, file=row.file, line=row.line))


_EMPTY = "Advise runs your model on many inputs, finds what a trace would freeze, and proves which modules to script."
_NOTHING_DOUBTFUL = "<p>No value of a tensor decides anything in Python here: a trace does what your model does.</p>"


def _remark(session: Session) -> str:
    if session.advised is None or session.document is None or not session.advised.advice.is_verified:
        return ""
    after = told.with_advice(session.document.recipe, session.advised.advice)
    return "The recipe has these marks." if after == session.document.recipe else ""
