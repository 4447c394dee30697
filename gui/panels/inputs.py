"""The example inputs: name, shape, type and fill of each; below them the further ones that a trace is checked on."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import Failure
from ...core.recipe.model import DTYPES, FILLS, Input, Recipe
from ...core.results import Inspection
from .. import theme
from ..models.inputs_table import DTYPE, FILL, FROM_FILE, NAME, SHAPE, InputsModel
from ..state.edits import relative_text
from ..state.input_rows import VALUE_TYPE, InputRow, check_rows, input_rows, with_cell, with_sample
from ..state.session import Session
from ..state.wording import failure_text
from .choices import ChoiceDelegate
from .empty_state import EmptyState
from .flat_table import tell_cut_text
from .wrapped import WrappedLabel

_HELP = "Shape: sizes with commas, 1,3,224,224. A range with its default, 64..512=224. A choice, 1|2|4."
_LONGEST_NAME = 22
"""Characters of a name for which there is room; the tip has all of it."""
SAMPLES = "Samples (*.npy *.npz *.pt *.pth *.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff);;All files (*)"


class InputsPanel(QWidget):
    edit_wished = Signal(str, object, str)
    file_wished = Signal(str, str, object)
    """Title and filter of a file dialog, and what takes the path that was chosen."""

    def __init__(self, add: QAction, remove: QAction, add_check: QAction) -> None:
        super().__init__()
        self._folder = Path()
        self._has_problem = False
        self._build(add, remove, add_check)
        for table in (self.table, self.checks):
            table.rows.edit_wished.connect(lambda row, field, text, t=table: self._wish(t.rows.rows[row], field, text))
            table.rows.sample_wished.connect(lambda row, t=table: self._wish_file(t.rows.rows[row]))
            table.file_dropped.connect(self._take_sample)

    def _build(self, add: QAction, remove: QAction, add_check: QAction) -> None:
        self.table = _InputsTable("Inputs")
        self.model = self.table.rows
        self.checks = _InputsTable("Further inputs to check with")
        self.checks.verticalHeader().setVisible(True)
        self._checks_title = WrappedLabel("Further inputs to check with; what is not here is as above:")
        self._stack = QStackedWidget()
        self._empty = EmptyState("No inputs", "Add one for each argument of forward.", add)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self.message = WrappedLabel(_HELP)
        self.message.setContentsMargins(2, 0, 2, 0)
        self._below = QWidget()
        buttons = QHBoxLayout(self._below)
        buttons.setContentsMargins(0, 0, 0, 0)
        for action in (add, add_check, remove):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 6)
        layout.setSpacing(6)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._checks_title)
        layout.addWidget(self.checks)
        layout.addWidget(self.message)
        layout.addWidget(self._below)
        self._say("")

    def show_state(self, session: Session) -> None:
        recipe = session.document.recipe if session.document else None
        self._folder = session.document.folder if session.document else Path()
        reasons = proposals(recipe, session.inspection) if recipe else {}
        self.model.explain(reasons)
        self.model.show(input_rows(recipe) if recipe else ())
        self.checks.rows.show(check_rows(recipe) if recipe else ())
        has_inputs, has_checks = bool(recipe and recipe.inputs), bool(self.checks.rows.rows)
        self._stack.setCurrentIndex(1 if has_inputs else 0)
        signature = session.inspection.signature if session.inspection else ()
        names = [parameter.name for parameter in signature if not parameter.kind.startswith("var_")]
        takes = f"The model takes: {', '.join(names)}. " if names else ""
        self._empty.say("No inputs", f"{takes}Add one for each argument of forward.")
        if session.document is not None and session.document.is_package:
            self._empty.say("No inputs to edit", "A finished file was opened; its graph says what it takes.")
        self._below.setVisible(has_inputs)
        self.message.setVisible(has_inputs)
        for widget in (self._checks_title, self.checks):
            widget.setVisible(has_checks)
        self.checks.show_rows(most=4)
        told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in _by_reason(reasons).items())
        self._say("", f"Proposed. {told}. Change what is not so." if told else _HELP)

    def selected(self) -> list[InputRow]:
        """Return the rows that are selected in the table that was used last."""
        table = self.checks if self.checks.selectionModel().hasSelection() else self.table
        return [table.rows.rows[index.row()] for index in table.selectionModel().selectedRows()]

    def select_last(self, *, is_check: bool = False) -> None:
        table = self.checks if is_check else self.table
        table.setFocus()
        table.selectRow(table.rows.rowCount() - 1)

    def show_refusal(self, failure: Failure) -> None:
        """Say why the last edit was not taken."""
        self._say(f"Not changed: {failure_text(failure)}")

    def _say(self, problem: str, text: str = _HELP) -> None:
        self._has_problem = bool(problem)
        self._tint()
        self.message.setText(problem or text)

    def _tint(self) -> None:
        palette = QPalette()
        palette.setColor(self.message.foregroundRole(), theme.meaning("error" if self._has_problem else "muted"))
        self.message.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def _wish(self, row: InputRow, field: str, text: str) -> None:
        name = f"Change {field} of input {row.name}"
        self.edit_wished.emit(name, lambda recipe: with_cell(recipe, row, field, text), "")

    def _wish_file(self, row: InputRow) -> None:
        self.file_wished.emit(f"Sample for {row.name}", SAMPLES, lambda file: self._take_sample(row, file))

    def _take_sample(self, row: InputRow, file: Path) -> None:
        text = relative_text(file, self._folder)
        self.edit_wished.emit(f"Take {row.name} from a file", lambda recipe: with_sample(recipe, row, text), "")


def proposals(recipe: Recipe, inspection: Inspection | None) -> dict[str, str]:
    """Return why inputs that are still as they were proposed were proposed, by their names."""
    found = {}
    for proposed in inspection.suggested_inputs if inspection else ():
        shape, dtype = tuple(proposed.shape), proposed.dtype
        if any(_is_same(item, proposed.name, shape, dtype) for item in recipe.inputs):
            found[proposed.name] = proposed.reason.rstrip(".")
    return found


def _by_reason(reasons: dict[str, str]) -> dict[str, list[str]]:
    """Return each reason with the names it is for: twelve inputs of one kind need not be told twelve times."""
    found: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        found.setdefault(reason, []).append(name)
    return found


def _is_same(item: Input, name: str, shape: object, dtype: str) -> bool:
    return item.name == name and item.shape == shape and item.dtype == dtype and item.fill is None


class _InputsTable(QTableView):
    """A table of inputs; a file that is dropped on a row becomes its sample."""

    file_dropped = Signal(object, Path)
    """The InputRow, and the file."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.rows = InputsModel(self)
        self.setModel(self.rows)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in (DTYPE, FILL):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for signal in (self.rows.modelReset, self.rows.dataChanged):
            signal.connect(self._fit_names)
        header.setSectionResizeMode(SHAPE, QHeaderView.ResizeMode.Stretch)
        types = [*((name, name) for name in DTYPES), (VALUE_TYPE, "value (no tensor)")]
        fills = [("automatic", "automatic"), *((name, name) for name in FILLS), (FROM_FILE, "from a file …")]
        self.setItemDelegateForColumn(DTYPE, ChoiceDelegate(lambda index: types, parent=self))
        self.setItemDelegateForColumn(FILL, ChoiceDelegate(lambda index: fills, is_editable=True, parent=self))

    def _fit_names(self) -> None:
        most = _LONGEST_NAME * self.fontMetrics().averageCharWidth()
        shown = max(self.sizeHintForColumn(NAME), self.horizontalHeader().sectionSizeHint(NAME))
        self.horizontalHeader().resizeSection(NAME, min(shown, most))

    def viewportEvent(self, event: QEvent) -> bool:
        return tell_cut_text(self, event) or bool(super().viewportEvent(event))

    def show_rows(self, most: int) -> None:
        """Be as high as the rows, up to ``most`` of them; the rest scrolls."""
        count = min(self.rows.rowCount(), most)
        height = self.horizontalHeader().sizeHint().height() + count * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(height + 4)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._consider(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._consider(event)

    def _consider(self, event: QDragMoveEvent) -> None:
        if self._row_at(event.position().toPoint()) is not None and _file_of(event) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        row, file = self._row_at(event.position().toPoint()), _file_of(event)
        if row is None or file is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self.file_dropped.emit(row, file)

    def _row_at(self, place: QPoint) -> InputRow | None:
        return self.rows.row_at(self.indexAt(place))


def _file_of(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
