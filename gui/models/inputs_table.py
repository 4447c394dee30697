"""The recipe's inputs as an editable table."""

from typing import Any

from PySide6.QtCore import Qt, Signal

from ...core.recipe.input_text import shape_text
from ...core.recipe.model import Input
from .. import theme
from ..state.edits import fill_text
from .table import Index, RowsModel

FIELDS = ("name", "shape", "dtype", "fill")
NAME, SHAPE, DTYPE, FILL = range(4)
_TIPS = (
    "The name of the argument of forward, or of the function.",
    "Sizes with commas: 1,3,224,224. A range with its default: 64..512=224. A choice: 1|2|4.",
    "The type of the numbers.",
    "How the example values are made: normal, zeros … or read from a file: @sample.npy.",
)


class InputsModel(RowsModel[Input]):
    """Shows tensors; a nested input (a tuple, list or dict) or a plain value is shown, and edited in the recipe."""

    headings = ("Name", "Shape", "Type", "Fill")
    edit_wished = Signal(int, str, str)
    """Row, field of ``FIELDS``, and the text that was typed."""

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        row = self.row_at(index)
        if row is not None and (row.kind == "tensor" or index.column() == NAME):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def cell(self, row: Input, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return input_text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS[column]
            case Qt.ItemDataRole.FontRole if column in (NAME, SHAPE):
                return theme.code_font()
            case Qt.ItemDataRole.ForegroundRole if column == FILL and row.fill is None:
                return theme.meaning("muted")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        text = str(value)
        if text != input_text(self._rows[index.row()], index.column()):
            # The recipe is what changes; the new rows come back through ``show``.
            self.edit_wished.emit(index.row(), FIELDS[index.column()], text)
        return True


def input_text(row: Input, column: int) -> str:
    """Return the text of one cell."""
    if column == NAME:
        return row.name
    if row.kind == "value":
        return ("= " + repr(row.value), "value", "")[column - 1]
    if row.kind != "tensor":
        count = len(row.items)
        return (f"{row.kind} of {count} input{'' if count == 1 else 's'}", "nested", "")[column - 1]
    if column == SHAPE:
        return "from the file" if row.shape is None else shape_text(row.shape)
    return row.dtype if column == DTYPE else fill_text(row)
