"""Past exports of the document: what came of each, where it is, and its recipe to go back to."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..models.history import FOLDER, OUTCOME, HistoryModel
from ..state.history import ExportRecord, recipe_of
from ..state.session import Session
from .empty_state import EmptyState
from .flat_table import FlatTable


class HistoryPanel(QWidget):
    edit_wished = Signal(str, object, str)
    reveal_wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._build()
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.table.activated.connect(self._reveal)
        self.reveal_button.clicked.connect(self._reveal)
        self.recipe_button.clicked.connect(self._go_back)

    def _build(self) -> None:
        self.model = HistoryModel(self)
        self.table = FlatTable(self.model, "Past exports")
        self.table.setFrameShape(FlatTable.Shape.NoFrame)
        header = self.table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(OUTCOME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(FOLDER, QHeaderView.ResizeMode.Interactive)
        self.reveal_button = QPushButton("Show in Folder")
        self.recipe_button = QPushButton("Use This Recipe")
        self.recipe_button.setToolTip("Go back to the recipe of this export; that can be undone.")
        buttons = QHBoxLayout()
        buttons.setContentsMargins(6, 2, 6, 4)
        for button in (self.reveal_button, self.recipe_button):
            buttons.addWidget(button)
        buttons.addStretch()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table)
        column.addLayout(buttons)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("No exports yet", "Each export of this model is listed here, also later on."))
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._enable()

    def show_state(self, session: Session) -> None:
        if session.history != self.model.rows:
            self.model.show(session.history)
            self._enable()
        self._stack.setCurrentIndex(1 if session.history else 0)

    def chosen(self) -> ExportRecord | None:
        rows = self.table.selectionModel().selectedRows()
        return self.model.row_at(rows[0]) if rows else None

    def _enable(self) -> None:
        record = self.chosen()
        self.reveal_button.setEnabled(bool(record and record.out and record.outcome != "failed"))
        self.recipe_button.setEnabled(record is not None)

    def _reveal(self) -> None:
        record = self.chosen()
        if record is not None and record.out:
            self.reveal_wished.emit(record.out)

    def _go_back(self) -> None:
        record = self.chosen()
        recipe = recipe_of(record) if record else None
        if record is not None and recipe is not None:
            self.edit_wished.emit(f"Use the recipe of {record.at}", lambda present: recipe, "")
