"""Choices of compression, and the weights that suffer most, as tables."""

from typing import Any

from PySide6.QtCore import Qt

from ...core.results import CompressionTrial
from .. import theme
from ..state.sizes import size_text
from ..state.what_if import title
from .table import RowsModel

CHOICE, SIZE, SHARE, PSNR, ERROR, WEIGHTS, SECONDS = range(7)


class TrialsModel(RowsModel[CompressionTrial]):
    headings = ("Choice", "Size", "Of now", "PSNR", "Largest error", "Weights", "Seconds")
    right_aligned = frozenset({SIZE, SHARE, PSNR, ERROR, WEIGHTS, SECONDS})

    def cell(self, row: CompressionTrial, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == CHOICE:
                if row.problem is not None:
                    return theme.icon("skipped", "muted")
                return theme.icon(*(("success",) * 2 if row.is_good else ("warning",) * 2))
            case Qt.ItemDataRole.ToolTipRole:
                return row.problem or f"In the recipe and on the command line: {row.label}"
        return None

    def _text(self, row: CompressionTrial, column: int) -> str:
        if column == CHOICE:
            return title(row)
        if row.problem is not None:
            return "not possible" if column == PSNR else ""
        match column:
            case 1:
                return size_text(row.size_bytes)
            case 2:
                return f"{row.size_bytes / self.rows[0].size_bytes:.0%}"
            case 3:
                return "–" if row.psnr_db is None else f"{row.psnr_db:.1f} dB"
            case 4:
                return "–" if row.max_absolute_error is None else f"{row.max_absolute_error:.3g}"
            case 5:
                return str(row.compressed_weights) if row.steps else ""
            case _:
                return f"{row.seconds:.1f}" if row.steps else ""
