"""What was found in the model: a table, and the whole story of the selected one."""

import html

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QTextBrowser,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ...core.diagnostics import Diagnostic
from ..models.problems import CODE, MESSAGE, MODULE, PLACE, SEVERITY, ProblemsModel, module_text, place_text
from ..state.session import Session
from .empty_state import EmptyState


class ProblemsPanel(QWidget):
    problem_chosen = Signal(object)
    """A Diagnostic."""
    count_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._build()
        self.table.selectionModel().currentRowChanged.connect(self._choose)

    def _build(self) -> None:
        self.model = ProblemsModel(self)
        self.table = QTreeView()
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setFrameShape(QTreeView.Shape.NoFrame)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAccessibleName("Problems")
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(MESSAGE, QHeaderView.ResizeMode.Stretch)
        width = self.fontMetrics().averageCharWidth()
        for column, characters in ((SEVERITY, 12), (MODULE, 14), (PLACE, 16), (CODE, 24)):
            header.resizeSection(column, characters * width)
        self.story = QTextBrowser()
        self.story.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.story.setOpenLinks(False)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.table)
        splitter.addWidget(self.story)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([600, 380])
        self._empty = EmptyState("No problems")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        if session.diagnostics != self.model.rows:
            self.model.show(session.diagnostics)
            self.count_changed.emit(len(session.diagnostics))
            if session.diagnostics and not self.table.currentIndex().isValid():
                self._tell(session.diagnostics[0])
        self._stack.setCurrentIndex(1 if session.diagnostics else 0)
        if session.document is None:
            self._empty.say("No problems", "Open a model first.")
        elif session.exported is None:
            self._empty.say("No problems so far", "Warnings of the tracer, the compiler and the converter come here.")
        else:
            self._empty.say("No problems", "The last export had no warnings.")

    def _choose(self, current: QModelIndex) -> None:
        diagnostic = self.model.row_at(current)
        if diagnostic is not None:
            self._tell(diagnostic)
            self.problem_chosen.emit(diagnostic)

    def _tell(self, diagnostic: Diagnostic) -> None:
        self.story.setHtml(story_html(diagnostic))


def story_html(diagnostic: Diagnostic) -> str:
    """Return everything that is known of a diagnostic, for reading."""
    place = " · ".join(
        part for part in (place_text(diagnostic.file, diagnostic.line), module_text(diagnostic.module)) if part
    )
    parts = [f"<p><b>{html.escape(diagnostic.message)}</b></p>"]
    if place or diagnostic.source:
        source = f"<br><code>{html.escape(diagnostic.source)}</code>" if diagnostic.source else ""
        parts.append(f"<p>{html.escape(place)}{source}</p>")
    if diagnostic.hint:
        parts.append(f"<p>{html.escape(diagnostic.hint)}</p>")
    if diagnostic.evidence:
        parts.append(f"<p><i>Measured:</i> {html.escape(diagnostic.evidence)}</p>")
    if diagnostic.original:
        parts.append(f"<p><i>In the library's words:</i></p><pre>{html.escape(diagnostic.original)}</pre>")
    return "".join(parts)
