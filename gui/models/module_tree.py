"""The loaded model as a tree: each submodule with its mark, its size, and the problems found in it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from ...core.recipe.model import Mark
from ...core.results import ModuleRow
from .. import theme
from ..state.modes import effective_modes, parent_path

NAME, MARK, TYPE, PARAMETERS, PROBLEMS = range(5)
_HEADINGS = ("Module", "Mark", "Type", "Weights", "")
_HEADING_TIPS = (
    "The modules of the model, as its attributes are called",
    "How each module is compiled",
    "The class of the module",
    "Numbers in the parameters of the module and all below it",
    "Problems found in the module",
)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = Qt.ItemDataRole.UserRole


class ModuleTreeModel(QAbstractItemModel):
    """Rows come depth-first with the model first, as an inspection gives them; a row's number is its index's id."""

    mark_chosen = Signal(str, object)
    """Wish: path, and ``trace``, ``script`` or None (inherit)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ModuleRow, ...] = ()
        self._parents: list[int] = []
        self._children: dict[int, list[int]] = {}
        self._places: dict[int, int] = {}
        self._numbers: dict[str, int] = {}
        self._filter = ""
        self._marks: Mapping[str, Mark] = {}
        self._modes: dict[str, Mark] = {}
        self._problems: Counter[str] = Counter()

    def show(self, rows: tuple[ModuleRow, ...], marks: Mapping[str, Mark], problems: Counter[str]) -> None:
        """Show other rows, or the same rows with other marks; a tree that is open stays open in the second case."""
        if rows != self._rows:
            self.beginResetModel()
            self._set_rows(rows)
            self._marks, self._problems = dict(marks), problems
            self._modes = effective_modes(rows, marks)
            self.endResetModel()
        elif marks != self._marks or problems != self._problems:
            before = (self._marks, self._modes, self._problems)
            self._marks, self._problems = dict(marks), problems
            self._modes = effective_modes(rows, marks)
            self._tell_changes(*before)

    def show_only(self, text: str) -> None:
        """Show the modules that have a text in their path or their type, and what they are in; all for no text."""
        self.beginResetModel()
        self._filter = text.strip().lower()
        self._arrange()
        self.endResetModel()

    def path_at(self, index: Index) -> str | None:
        return self._rows[index.internalId()].path if index.isValid() else None

    def row_at(self, index: Index) -> ModuleRow | None:
        return self._rows[index.internalId()] if index.isValid() else None

    def index_of(self, path: str) -> QModelIndex:
        """Return the index of a module, an invalid one where there is none, or the filter hides it."""
        number = self._numbers.get(path)
        return self._index(number, NAME) if number in self._places else QModelIndex()

    def can_mark(self, index: Index) -> bool:
        row = self.row_at(index)
        return row is not None and _takes_mark(row)

    def marked_by(self, indexes: Iterable[Index]) -> tuple[str, ...]:
        """Return the modules that a mark of these rows means: a container, which takes none, stands for its members."""
        found: dict[str, None] = {}
        waiting = [index.internalId() for index in indexes][::-1]
        while waiting:
            number = waiting.pop()
            row = self._rows[number]
            if _takes_mark(row):
                found[row.path] = None
            elif row.is_container:
                waiting += self._children.get(number, ())[::-1]
        return tuple(found)

    def _set_rows(self, rows: tuple[ModuleRow, ...]) -> None:
        self._rows = rows
        self._numbers = {row.path: number for number, row in enumerate(rows)}
        self._parents = [self._numbers.get(parent_path(row.path), -1) if row.path else -1 for row in rows]
        self._arrange()

    def _arrange(self) -> None:
        """Give each module that is shown its place below its parent."""
        self._children, self._places = {}, {}
        for number in self._shown_numbers():
            siblings = self._children.setdefault(self._parents[number], [])
            self._places[number] = len(siblings)
            siblings.append(number)

    def _shown_numbers(self) -> Iterable[int]:
        if not self._filter:
            return range(len(self._rows))
        shown: set[int] = set()
        for number, row in enumerate(self._rows):
            if self._filter in row.path.lower() or self._filter in row.type_name.lower():
                while number >= 0 and number not in shown:
                    shown.add(number)
                    number = self._parents[number]
        return sorted(shown)

    def _tell_changes(self, marks: Mapping[str, Mark], modes: Mapping[str, Mark], problems: Counter[str]) -> None:
        """Say which rows look otherwise than with these former values."""
        paths = [row.path for row in self._rows]
        for children in self._children.values():
            changed = [
                number
                for number in children
                if marks.get(paths[number]) != self._marks.get(paths[number])
                or modes[paths[number]] != self._modes[paths[number]]
                or problems[paths[number]] != self._problems[paths[number]]
            ]
            if changed:
                self.dataChanged.emit(self._index(changed[0], MARK), self._index(changed[-1], PROBLEMS))

    def _index(self, number: int, column: int) -> QModelIndex:
        return self.createIndex(self._places[number], column, number)

    # Qt's own names from here on.

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's signature
        # Qt asks for each row of a large tree: its own hasIndex would ask two more questions each time.
        children = self._children.get(parent.internalId() if parent.isValid() else -1, ())
        if not (0 <= row < len(children) and 0 <= column < len(_HEADINGS)) or parent.column() > 0:
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index | None = None) -> Any:
        if index is None:
            return super().parent()
        if not index.isValid():
            return QModelIndex()
        number = self._parents[index.internalId()]
        return QModelIndex() if number < 0 else self._index(number, 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() and parent.column() != 0:
            return 0
        return len(self._children.get(parent.internalId() if parent.isValid() else -1, ()))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(_HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.DecorationRole and section == PROBLEMS:
            return theme.icon("warning", "muted")
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HEADING_TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (PARAMETERS, PROBLEMS):
            return _RIGHT
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() == MARK and self.can_mark(index):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.internalId()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, index.column())
            case Qt.ItemDataRole.EditRole if index.column() == MARK:
                return self._marks.get(row.path, "")
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(row, index.column())
            case Qt.ItemDataRole.DecorationRole if index.column() == MARK and not row.is_container:
                return theme.icon(self._modes[row.path], self._mark_colour(row))
            case Qt.ItemDataRole.DecorationRole if index.column() == PROBLEMS and self._problems[row.path]:
                return theme.icon("warning", "warning")
            case Qt.ItemDataRole.ForegroundRole:
                if index.column() == MARK:
                    return theme.meaning(self._mark_colour(row))
                return theme.meaning("muted") if index.column() in (TYPE, PARAMETERS) else None
            case Qt.ItemDataRole.FontRole if index.column() == MARK and row.path in self._marks:
                bold = QFont()
                bold.setBold(True)
                return bold
            case Qt.ItemDataRole.TextAlignmentRole if index.column() in (PARAMETERS, PROBLEMS):
                return _RIGHT
            case int() if role == PATH_ROLE:
                return row.path
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != MARK or not self.can_mark(index):
            return False
        row = self._rows[index.internalId()]
        if (value or None) != self._marks.get(row.path):
            # The recipe is what changes; the new marks come back through ``show``.
            self.mark_chosen.emit(row.path, value or None)
        return True

    def _mark_colour(self, row: ModuleRow) -> str:
        return self._modes[row.path] if row.path in self._marks else "muted"

    def _text(self, row: ModuleRow, column: int) -> str:
        match column:
            case 0:
                return row.path.rpartition(".")[2] or "(model)"
            case 1:
                return self._mark_text(row)
            case 2:
                return row.type_name
            case 3:
                return f"{row.parameter_count:,}" if row.parameter_count else "–"
            case _:
                return str(self._problems[row.path] or "")

    def _mark_text(self, row: ModuleRow) -> str:
        if row.is_container:
            return "–"
        if row.is_script:
            return "already script"
        if row.path in self._marks:
            return self._marks[row.path]
        return f"{self._modes[row.path]} (inherited)" if row.path else "trace (usual)"

    def _tip(self, row: ModuleRow, column: int) -> str | None:
        if column == MARK:
            if row.is_container:
                return f"A {row.type_name} has no forward of its own, so it cannot be marked; mark what it holds."
            if row.is_script:
                return "This module was TorchScript already when the model was loaded."
            return (
                "Trace (T) records what one run does. Script (S) compiles the code, with its branches and loops. "
                "Inherit (I) does what the parent does."
            )
        path = row.path or "the whole model"
        place = f"\n{row.file}:{row.line}" if row.file else ""
        shared = f"\nThe same object as {row.shared_with or 'the model'}" if row.shared_with is not None else ""
        return f"{path} · {row.type_name}{place}{shared}"


def _takes_mark(row: ModuleRow) -> bool:
    return not row.is_container and not row.is_script
