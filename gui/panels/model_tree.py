"""The model: before it has run, what the file offers; then its modules with their marks."""

from collections import Counter

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.diagnostics import Diagnostic
from ...core.recipe.model import Mark
from ..models.entries import EntriesModel
from ..models.module_tree import NAME, ModuleTreeModel
from ..state.documents import is_long
from ..state.edits import with_marks
from ..state.session import Document, Session
from .empty_state import EmptyState
from .flat_table import FlatTable
from .module_view import ModuleView
from .wrapped import WrappedLabel

FILTER_DELAY_MS = 60
"""Letters that follow each other filter once."""


class ModelTreePanel(QWidget):
    module_chosen = Signal(str)
    entry_wished = Signal(str)
    edit_wished = Signal(str, object, str)
    """Name of the step, an ``Edit``, and a key by which steps merge."""

    def __init__(self, trust: QAction, mark_actions: dict[str, QAction]) -> None:
        super().__init__()
        self._is_showing = False
        self._selected: str | None = None
        self._counted: tuple[tuple[Diagnostic, ...], Counter[str]] = ((), Counter())
        self._build(trust)
        self._connect(mark_actions)

    def _build(self, trust: QAction) -> None:
        self.filter = _Filter()
        self.model = ModuleTreeModel(self)
        self.tree = ModuleView(self.model)
        self.note = WrappedLabel("Marks do not apply to torch.export, which is chosen under Tracing.")
        self.no_match = WrappedLabel()
        self.no_match.hide()
        loaded = QWidget()
        layout = _column(loaded)
        layout.addWidget(self.note)
        self.note.hide()
        layout.addWidget(self.filter)
        layout.addWidget(self.no_match)
        layout.addWidget(self.tree)

        self._reason = WrappedLabel()
        self.trust_button = QToolButton()
        self.trust_button.setDefaultAction(trust)
        self.trust_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.entries = EntriesModel(self)
        self.outline = FlatTable(self.entries, "What the file offers", stretched=0)
        self.outline.setFrameShape(FlatTable.Shape.NoFrame)
        for column in range(1, self.entries.columnCount()):
            self.outline.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        outlined = QWidget()
        layout = _column(outlined)
        layout.addWidget(self._reason)
        layout.addWidget(self.trust_button)
        layout.addWidget(self.outline)

        self._empty = EmptyState("No model", "Open a Python file with a model, or a recipe.")
        self._stack = QStackedWidget()
        for page in (self._empty, outlined, loaded):
            self._stack.addWidget(page)
        layout = _column(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _connect(self, mark_actions: dict[str, QAction]) -> None:
        self._filter_soon = QTimer(self)
        self._filter_soon.setSingleShot(True)
        self._filter_soon.setInterval(FILTER_DELAY_MS)
        self._filter_soon.timeout.connect(self._filter)
        self.filter.textChanged.connect(self._filter_soon.start)
        self.filter.left.connect(self._leave_filter)
        self.model.mark_chosen.connect(lambda path, mark: self._wish_mark((path,), mark))
        self.tree.selectionModel().currentChanged.connect(self._choose)
        # A click on the row that is current already: it came there by something else, which is selected still.
        self.tree.clicked.connect(self._choose)
        self.outline.activated.connect(self._choose_entry)
        self.outline.selectionModel().currentChanged.connect(self._choose_entry)
        self.tree.insertActions(self.tree.actions()[0], list(mark_actions.values()))
        for mark, action in mark_actions.items():
            chosen: Mark | None = mark or None  # type: ignore[assignment]  # the keys are marks, empty for inherit
            action.triggered.connect(
                lambda checked=False, mark=chosen: self._wish_mark(self.tree.selected_modules(), mark)
            )

    def show_state(self, session: Session) -> None:
        self._is_showing = True
        document, inspection = session.document, session.inspection
        self.note.setVisible(bool(document and document.recipe.lane != "torchscript"))
        if document is None or document.is_package:
            self._empty.say(*_nothing_to_show(document))
            self._stack.setCurrentIndex(0)
        elif inspection is None or not inspection.modules:
            self._show_outline(session, document)
        else:
            had_rows = self.model.rowCount() > 0
            before = self.model.index_of("")
            self.model.show(inspection.modules, document.recipe.marks, self._problems_in(session.diagnostics))
            if not had_rows or before != self.model.index_of(""):
                self.tree.expandToDepth(1)
            self._stack.setCurrentIndex(2)
            self._select(session.selection.module)
        self._is_showing = False

    def _problems_in(self, diagnostics: tuple[Diagnostic, ...]) -> Counter[str]:
        if diagnostics is not self._counted[0]:
            self._counted = (diagnostics, Counter(d.module for d in diagnostics if d.module is not None))
        return self._counted[1]

    def _show_outline(self, session: Session, document: Document) -> None:
        self._stack.setCurrentIndex(1)
        self.model.show((), {}, Counter())
        self.filter.clear()
        self.entries.show(document.entries)
        names = [entry.name for entry in document.entries]
        if document.recipe.model.entry in names:
            self.outline.setCurrentIndex(self.entries.index(names.index(document.recipe.model.entry), 0))
        self.trust_button.setVisible(session.trust != "given")
        self._reason.setText(_outline_reason(session, document))

    def _select(self, path: str | None) -> None:
        self._selected = path
        index = QModelIndex() if path is None else self.model.index_of(path)
        if index.isValid() and index.siblingAtColumn(NAME) != self.tree.currentIndex().siblingAtColumn(NAME):
            # Whatever keys are held for something else meanwhile, this row alone is selected.
            flags = QItemSelectionModel.SelectionFlag
            self.tree.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.tree.scrollTo(index)

    def _choose(self, current: QModelIndex) -> None:
        path = self.model.path_at(current)
        if path is not None and not self._is_showing:
            self.module_chosen.emit(path)

    def _choose_entry(self, index: QModelIndex) -> None:
        entry = self.entries.row_at(index)
        if entry is not None and not self._is_showing:
            self.entry_wished.emit(entry.name)

    def _filter(self) -> None:
        text = self.filter.text().strip()
        self._is_showing = True
        self.tree.show_only(text)
        self._is_showing = False
        self.no_match.setText(f"No module has “{text}” in its path or its type.")
        self.no_match.setVisible(bool(text) and self.model.rowCount() == 0)
        self._select(self._selected)

    def _leave_filter(self) -> None:
        """Go on in the tree; an empty filter shows all of it at once."""
        self._filter_soon.stop()
        self._filter()
        self.tree.setFocus()
        if not self.tree.currentIndex().isValid():
            self.tree.setCurrentIndex(self.model.index(0, NAME))

    def _wish_mark(self, paths: tuple[str, ...], mark: Mark | None) -> None:
        if not paths:
            return
        what = f"{len(paths)} modules" if len(paths) > 1 else paths[0] or "the model"
        name = f"Mark {what} as {mark}" if mark else f"Inherit the mark of {what}"
        self.edit_wished.emit(name, lambda recipe: with_marks(recipe, paths, mark), "")


class _Filter(QLineEdit):
    """Escape empties it; that, Enter and the arrow down go on to the tree."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Filter modules")
        self.setClearButtonEnabled(True)
        self.findChildren(QToolButton)[0].setAccessibleName("Show all modules")
        self.setAccessibleName("Filter modules")
        self.setToolTip("Show only modules that have this in their path or their type")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.left.emit()
            return
        super().keyPressEvent(event)


def _nothing_to_show(document: Document | None) -> tuple[str, str]:
    if document is None:
        return "No model", "Open a Python file with a model, or a recipe."
    if document.model_file.suffix == ".pt2":
        return "A program of torch.export", "Its graph is shown in the middle. There is nothing to edit or to export."
    text = "Its inputs, outputs, operations and graph are under Core ML. There is nothing to edit or to export."
    return "A Core ML package", text


def _outline_reason(session: Session, document: Document) -> str:
    name = document.model_file.name
    if session.trust != "given" and is_long(document.model_file):
        return f"{name} is a long file, so what it offers is read when the model is loaded; that runs the file."
    if session.trust != "given":
        return f"Read from the text of {name}; nothing of it has run. Loading the model runs the file."
    if document.missing_arguments:
        missing = ", ".join(document.missing_arguments)
        return f"{document.recipe.model.entry} needs: {missing}. Fill it in under Setup, and the model is loaded."
    if session.job is not None and session.job.kind == "inspect":
        return f"Loading {document.recipe.model.entry or name} …"
    if session.failure is not None:
        return f"{document.recipe.model.entry or name} could not be loaded; the message above says why."
    return f"What {name} offers:"


def _column(widget: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(4, 4, 4, 4)
    layout.setSpacing(4)
    return layout
