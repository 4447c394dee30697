"""The example inputs: name, shape, type and fill of each."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import Failure
from ...core.recipe.model import DTYPES, FILLS
from .. import theme
from ..models.inputs_table import DTYPE, FILL, NAME, SHAPE, InputsModel
from ..state.edits import with_input_field
from ..state.session import Session
from .banner import failure_text
from .choices import ChoiceDelegate
from .empty_state import EmptyState

_HELP = "Shape: sizes with commas, 1,3,224,224. A range with its default, 64..512=224. A choice, 1|2|4."


class InputsPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self, add: QAction, remove: QAction) -> None:
        super().__init__()
        self._build(add, remove)
        self.model.edit_wished.connect(self._wish)

    def _build(self, add: QAction, remove: QAction) -> None:
        self.model = InputsModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setFrameShape(QTableView.Shape.NoFrame)
        self.table.setAccessibleName("Inputs")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in (NAME, DTYPE, FILL):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHAPE, QHeaderView.ResizeMode.Stretch)
        dtypes = [(name, name) for name in DTYPES]
        fills = [("automatic", "automatic"), *((name, name) for name in FILLS)]
        self.table.setItemDelegateForColumn(DTYPE, ChoiceDelegate(lambda index: dtypes, parent=self.table))
        self.table.setItemDelegateForColumn(
            FILL, ChoiceDelegate(lambda index: fills, is_editable=True, parent=self.table)
        )
        self._stack = QStackedWidget()
        self._empty = EmptyState("No inputs", "Add one for each argument of forward.", add)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self.message = QLabel(_HELP)
        self.message.setWordWrap(True)
        self.message.setContentsMargins(2, 0, 2, 0)
        self._below = QWidget()
        buttons = QHBoxLayout(self._below)
        buttons.setContentsMargins(0, 0, 0, 0)
        for action in (add, remove):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.message)
        layout.addWidget(self._below)
        self._say(None)

    def show_state(self, session: Session) -> None:
        inputs = session.document.recipe.inputs if session.document else ()
        self.model.show(inputs)
        self._stack.setCurrentIndex(1 if inputs else 0)
        signature = session.inspection.signature if session.inspection else ()
        names = [parameter.name for parameter in signature if not parameter.kind.startswith("var_")]
        takes = f"The model takes: {', '.join(names)}. " if names else ""
        self._empty.say("No inputs", f"{takes}Add one for each argument of forward.")
        self._below.setVisible(bool(inputs))
        self.message.setVisible(bool(inputs))
        self._say(None)

    def selected_rows(self) -> set[int]:
        return {index.row() for index in self.table.selectionModel().selectedRows()}

    def select_row(self, row: int) -> None:
        self.table.setFocus()
        self.table.selectRow(row)

    def show_refusal(self, failure: Failure) -> None:
        """Say why the last edit was not taken."""
        self._say(failure)

    def _say(self, failure: Failure | None) -> None:
        palette = self.palette()
        role = self.message.foregroundRole()
        palette.setColor(role, theme.meaning("error" if failure else "muted"))
        self.message.setPalette(palette)
        self.message.setText(f"Not changed: {failure_text(failure)}" if failure else _HELP)

    def _wish(self, row: int, field: str, text: str) -> None:
        name = self.model.rows[row].name
        self.edit_wished.emit(
            f"Change {field} of input {name}", lambda recipe: with_input_field(recipe, row, field, text), ""
        )
