"""Diagnostics as a table."""

from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Qt

from ...core.diagnostics import Diagnostic
from .. import theme
from .table import RowsModel

SEVERITY, MESSAGE, MODULE, PLACE, CODE = range(5)


class ProblemsModel(RowsModel[Diagnostic]):
    headings = ("Kind", "What", "Module", "Place", "Code")

    def cell(self, row: Diagnostic, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == SEVERITY and row.is_acknowledged:
                return theme.icon("success", "muted")
            case Qt.ItemDataRole.DecorationRole if column == SEVERITY:
                return theme.icon(row.severity.value, row.severity.value)
            case Qt.ItemDataRole.ToolTipRole:
                return row.hint or row.message
            case Qt.ItemDataRole.ForegroundRole if column == CODE or row.is_acknowledged:
                return theme.meaning("muted")
        return None

    def _text(self, row: Diagnostic, column: int) -> str:
        match column:
            case 0:
                return "accepted" if row.is_acknowledged else row.severity.value
            case 1:
                return " ".join(row.message.split())
            case 2:
                return module_text(row.module)
            case 3:
                return place_text(row.file, row.line)
            case _:
                return row.code


def module_text(path: str | None) -> str:
    """Return how a module path is said to a person; the model itself has an empty path."""
    return "" if path is None else path or "(model)"


def place_text(file: str | None, line: int | None) -> str:
    """Return ``model.py:15``."""
    if not file:
        return ""
    name = PurePath(file).name
    return f"{name}:{line}" if line else name
