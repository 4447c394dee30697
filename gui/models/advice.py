"""What the advisor looked at, and the marks it proposes, as tables."""

from typing import Any

from PySide6.QtCore import Qt

from .. import theme
from ..state.advice import MarkRow, Place
from .problems import module_text, place_text
from .table import RowsModel

VERDICT, MODULE, PLACE, SOURCE = range(4)
_LOOK = {
    "culprit": ("warning", "warning"),
    "in the way": ("error", "error"),
    "undecided": ("note", "warning"),
    "harmless": ("success", "success"),
}


class PlacesModel(RowsModel[Place]):
    headings = ("Verdict", "Module", "Place", "What")

    def cell(self, row: Place, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == VERDICT:
                return theme.icon(*_LOOK[row.weight])
            case Qt.ItemDataRole.ToolTipRole:
                return row.text
        return None

    def _text(self, row: Place, column: int) -> str:
        match column:
            case 0:
                return row.weight
            case 1:
                return module_text(row.module)
            case 2:
                return place_text(row.file, row.line)
            case _:
                return row.text if row.weight == "in the way" else row.source or row.text


class MarkRowsModel(RowsModel[MarkRow]):
    headings = ("Module", "Now", "Advised")

    def cell(self, row: MarkRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                advised = (row.advised or "inherit") if row.is_change else "same"
                return (module_text(row.module), row.now or "inherit", advised)[column]
            case Qt.ItemDataRole.DecorationRole if column == 1 or (column == 2 and row.is_change):
                mark = (row.now, row.advised)[column - 1] or "inherit"
                return theme.icon(mark, mark if mark != "inherit" else "muted")
        return None
