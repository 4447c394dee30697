"""Errors by layer as a table, in the order of the program."""

from typing import Any

from PySide6.QtCore import Qt

from ...core.results import LayerError
from .. import theme
from ..state.layers import LARGEST_HALF, float16_words
from .checks import error_text
from .table import RowsModel

LAYER, KIND, ERROR, SINGLE, PSNR, LARGEST, SMALLEST, HALF = range(8)


class LayersModel(RowsModel[LayerError]):
    headings = (
        "Layer",
        "Type",
        "Relative error",
        "In 32 bit",
        "PSNR",
        "Largest value",
        "Smallest value",
        "What float16 does",
    )
    right_aligned = frozenset({ERROR, SINGLE, PSNR, LARGEST, SMALLEST})

    def cell(self, row: LayerError, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == HALF and row.overflowing:
                return theme.icon("error", "error")
            case Qt.ItemDataRole.ToolTipRole:
                return f"{row.operation} “{row.value}” in the Core ML program" + (
                    f", {row.file}:{row.line}" if row.line is not None else ""
                )
        return None


def layer_name(row: LayerError) -> str:
    """Return the path of a layer, with the number of its call where it is called again."""
    name = row.module or "the model itself"
    return f"{name} (call {row.call + 1})" if row.call else name


def _text(row: LayerError, column: int) -> str:
    match column:
        case 0:
            return layer_name(row)
        case 1:
            return row.type_name
        case 2:
            return "infinite" if row.max_relative_error is None else error_text(row.max_relative_error)
        case 3:
            return error_text(row.float32_relative_error)
        case 4:
            return "–" if row.max_relative_error is None else _decibels(row)
        case 5:
            return f"{row.largest:.3g}" + (" > 65504" if row.largest > LARGEST_HALF else "")
        case 6:
            return f"{row.smallest:.3g}"
        case _:
            return float16_words(row) or "–"


def _decibels(row: LayerError) -> str:
    return "identical" if row.psnr_db is None else f"{row.psnr_db:.0f} dB"
