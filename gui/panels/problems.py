"""What was found in the model: a table, and the whole story of the selected one."""

import html

from msgspec.structs import replace
from PySide6.QtCore import QModelIndex, Qt, QUrl, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.diagnostics import Diagnostic
from ...resources.diagnostic_pages import pages
from ..models.problems import CODE, MESSAGE, MODULE, PLACE, SEVERITY, ProblemsModel, module_text, place_text
from ..state.session import Selection, Session
from ..state.wording import in_words_of_the_window
from .empty_state import EmptyState
from .flat_table import FlatTable
from .story import Story

DETAILS = "details"
"""The link in a problem's story that shows the page of its code."""


class ProblemsPanel(QWidget):
    problem_chosen = Signal(object)
    """A Diagnostic."""
    count_changed = Signal(int)
    acknowledge_wished = Signal(object)
    """A Diagnostic, to be accepted, or to count again."""

    def __init__(self, acknowledge: QAction) -> None:
        super().__init__()
        self._acknowledge = acknowledge
        self._is_following = False
        self._diagnostics: tuple[Diagnostic, ...] = ()
        self._accepted: object = ()
        self._build()
        self.table.selectionModel().currentRowChanged.connect(self._choose)

    def _build(self) -> None:
        self.model = ProblemsModel(self)
        self.table = FlatTable(self.model, "Problems", stretched=MESSAGE, spared=(CODE, MODULE))
        self.table.setFrameShape(FlatTable.Shape.NoFrame)
        header = self.table.header()
        width = self.fontMetrics().averageCharWidth()
        for column, characters in ((SEVERITY, 15), (MODULE, 18), (PLACE, 18), (CODE, 28)):
            header.resizeSection(column, characters * width)
        self.story = Story("The selected problem")
        self.story.setFrameShape(Story.Shape.NoFrame)
        self.story.anchorClicked.connect(self._show_page)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.table)
        splitter.addWidget(self._beside())
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

    def _beside(self) -> QWidget:
        button = QToolButton()
        button.setDefaultAction(self._acknowledge)
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 4, 4)
        layout.addWidget(self.story, 1)
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignRight)
        return side

    def show_state(self, session: Session) -> None:
        self._show_rows(session)
        self._follow(session.selection)
        self._show_action()
        self._stack.setCurrentIndex(1 if session.diagnostics else 0)
        if session.document is None:
            self._empty.say("No problems", "Open a model first.")
        elif session.failure is not None:
            self._empty.say("No warnings", "What failed is told above.")
        elif session.exported is None:
            self._empty.say("No problems so far", "Warnings of the tracer, the compiler and the converter come here.")
        else:
            self._empty.say("No problems", "The last export had no warnings.")

    def _show_rows(self, session: Session) -> None:
        accepted = session.document.recipe.acknowledged if session.document else ()
        # Of thousands of findings nothing is made anew while only the selection moves.
        if self._diagnostics is session.diagnostics and self._accepted == accepted:
            return
        self._diagnostics, self._accepted = session.diagnostics, accepted
        rows = tuple(replace(d, is_acknowledged=session.is_accepted(d)) for d in session.diagnostics)
        if rows != self.model.rows:
            self.model.show(rows)
            self.count_changed.emit(sum(not row.is_acknowledged for row in rows))
            shown = self.model.row_at(self.table.currentIndex()) or next(iter(rows), None)
            if shown is not None:
                self._tell(shown)

    def _follow(self, selection: Selection) -> None:
        """Select the problem at the line that is selected elsewhere."""
        current = self.model.row_at(self.table.currentIndex())
        place = (selection.file, selection.line)
        if selection.line is None or (current is not None and (current.file, current.line) == place):
            return
        rows = [number for number, row in enumerate(self.model.rows) if (row.file, row.line) == place]
        same = [number for number in rows if self.model.rows[number].module == selection.module]
        if rows:
            self._is_following = True
            self.table.setCurrentIndex(self.model.index((same or rows)[0], 0))
            self._is_following = False

    def acknowledge_current(self) -> None:
        """Accept the problem that is told, or let it count again."""
        if (diagnostic := self._told()) is not None:
            self.acknowledge_wished.emit(diagnostic)

    def _told(self) -> Diagnostic | None:
        """Return the selected problem; the first, where none is."""
        return self.model.row_at(self.table.currentIndex()) or next(iter(self.model.rows), None)

    def _show_action(self) -> None:
        diagnostic = self._told()
        self._acknowledge.setEnabled(diagnostic is not None)
        is_accepted = diagnostic is not None and diagnostic.is_acknowledged
        self._acknowledge.setText("Show the &Problem Again" if is_accepted else "Accept the &Problem")

    def _choose(self, current: QModelIndex) -> None:
        diagnostic = self.model.row_at(current)
        self._show_action()
        if diagnostic is not None:
            self._tell(diagnostic)
            if not self._is_following:
                self.problem_chosen.emit(diagnostic)

    def _show_page(self, link: QUrl) -> None:
        """Show the page of a code, or go back from it."""
        diagnostic = self._told()
        if diagnostic is not None:
            is_page = link.toString() == DETAILS
            self.story.setHtml(page_html(diagnostic) if is_page else story_html(diagnostic))

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
        parts.append(f"<p>{html.escape(in_words_of_the_window(diagnostic.hint))}</p>")
    if diagnostic.evidence:
        parts.append(f"<p><i>Measured:</i> {html.escape(diagnostic.evidence)}</p>")
    if diagnostic.original:
        words = html.escape(diagnostic.original)
        parts.append(f"<p><i>In the library's words:</i></p><pre style='white-space: pre-wrap'>{words}</pre>")
    if diagnostic.code in pages():
        parts.append(f"<p><a href='{DETAILS}'>Details: {html.escape(diagnostic.code)}</a></p>")
    return "".join(parts)


def page_html(diagnostic: Diagnostic) -> str:
    """Return the page of a diagnostic's code, with a way back."""
    page = pages()[diagnostic.code]
    texts = (("", page.what), ("Why it matters", page.why), ("What to do", page.do))
    body = "".join(
        f"<p><b>{title}</b></p>" * bool(title) + f"<p>{html.escape(in_words_of_the_window(text))}</p>"
        for title, text in texts
    )
    return f"<h3>{html.escape(page.code)}</h3>{body}<p><a href='back'>Back</a></p>"
