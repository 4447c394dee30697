"""Past exports as a table, newest first."""

from typing import Any

from PySide6.QtCore import Qt

from .. import theme
from ..state.durations import duration_text
from ..state.history import ExportRecord
from ..state.sizes import size_text
from .table import RowsModel

WHEN, OUTCOME, TOOK, TORCHSCRIPT, COREML, CHECKS, PSNR, FOLDER = range(8)
_LOOK = {"good": ("success", "success"), "check failed": ("warning", "warning"), "failed": ("error", "error")}
_WORDS = {"good": "exported", "check failed": "a check failed", "failed": "failed"}


class HistoryModel(RowsModel[ExportRecord]):
    headings = ("When", "Outcome", "Took", "TorchScript", "Core ML", "Checks", "PSNR", "Folder")
    right_aligned = frozenset({TOOK, TORCHSCRIPT, COREML, CHECKS, PSNR})

    def cell(self, row: ExportRecord, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == OUTCOME:
                return theme.icon(*_LOOK[row.outcome])
            case Qt.ItemDataRole.ToolTipRole:
                return row.message or row.out
        return None


def _text(row: ExportRecord, column: int) -> str:
    size = {TORCHSCRIPT: "torchscript", COREML: "coreml"}.get(column)
    if size is not None:
        return size_text(row.sizes_bytes[size]) if size in row.sizes_bytes else "–"
    match column:
        case 0:
            return row.at
        case 1:
            return f"{_WORDS[row.outcome]}: {row.message}" if row.message else _WORDS[row.outcome]
        case 2:
            return duration_text(row.seconds) if row.seconds else "–"
        case 5:
            return f"{row.passed} of {row.checked}" if row.checked else "–"
        case 6:
            return f"{row.psnr_db:.0f} dB" if row.psnr_db is not None else "–"
        case _:
            return row.out
