"""The recipe's inputs as an editable table."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from .. import theme
from ..state.input_rows import InputRow, fill_text, shape_or_value, type_text
from .table import Index, RowsModel

FIELDS = ("name", "shape", "dtype", "fill")
NAME, SHAPE, DTYPE, FILL = range(4)
FROM_FILE = "\0file"
"""Value of the fill that asks for a file."""
_TIPS = (
    'The argument, or a member of it: x, state[0], batch["mask"], items[]; encode:x is x of the method encode.',
    "Sizes with commas: 1,3,224,224. A range with its default: 64..512=224. A choice: 1|2|4. Or the value itself.",
    "The type of the numbers; “value” is a Python value that is no tensor, such as 3, True or None.",
    "How the example values are made: normal, randint 0..1000 … or read from a file: @sample.npy.",
)


class InputsModel(RowsModel[InputRow]):
    headings = ("Name", "Shape", "Type", "Fill")
    edit_wished = Signal(int, str, str)
    """Row, field of ``FIELDS``, and the text that was typed."""
    sample_wished = Signal(int)
    """The values of a row are to come from a file that is to be chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reasons: Mapping[str, str] = {}

    def explain(self, reasons: Mapping[str, str]) -> None:
        """Tell why inputs are proposed, by their names."""
        self._reasons = reasons

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled
        row = self.row_at(index)
        if row is not None and (row.item.kind == "tensor" or index.column() in _editable(row)):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical and role == Qt.ItemDataRole.DisplayRole:
            check = self._rows[section].check
            is_first = section == 0 or self._rows[section - 1].check != check
            return f"{check + 1}" if check is not None and is_first else ""
        return super().headerData(section, orientation, role)

    def cell(self, row: InputRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return cell_text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                reason = self._reasons.get(row.name, "")
                return f"Proposed: {reason}\n{_TIPS[column]}" if reason and column == NAME else _TIPS[column]
            case Qt.ItemDataRole.FontRole if column in (NAME, SHAPE):
                return theme.code_font()
            case Qt.ItemDataRole.ForegroundRole if cell_text(row, column) in ("automatic", "from the file"):
                return theme.meaning("muted")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        text = str(value)
        if text == FROM_FILE:
            self.sample_wished.emit(index.row())
        elif text != cell_text(self._rows[index.row()], index.column()):
            # The recipe is what changes; the new rows come back through ``show``.
            self.edit_wished.emit(index.row(), FIELDS[index.column()], text)
        return True


def cell_text(row: InputRow, column: int) -> str:
    """Return the text of one cell."""
    match column:
        case 0:
            return row.name
        case 1:
            return shape_or_value(row.item)
        case 2:
            return type_text(row.item)
        case _:
            return fill_text(row.item)


def _editable(row: InputRow) -> tuple[int, ...]:
    return (NAME, SHAPE, DTYPE) if row.item.kind == "value" else (NAME, DTYPE)
