"""The axes of the envelope as a table."""

from typing import Any

from PySide6.QtCore import Qt

from .. import theme
from ..state.envelope import Axis
from .table import RowsModel

AXIS, AGREES, FAILURE, CAUSE = range(4)


class AxesModel(RowsModel[Axis]):
    headings = ("Axis", "Agrees for", "First failure", "Cause")

    def cell(self, row: Axis, column: int, role: int) -> Any:
        failure = row.first_failure
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (
                    row.title,
                    row.agreement,
                    failure.value if failure else "none found",
                    (failure.reason or "") if failure else _not_run(row),
                )[column]
            case Qt.ItemDataRole.DecorationRole if column == AXIS:
                is_run = any(point.agrees is not None for point in row.points)
                name = ("success" if failure is None else "warning") if is_run else "skipped"
                return theme.icon(name, name if is_run else "muted")
            case Qt.ItemDataRole.ToolTipRole:
                return failure.reason if failure else None
        return None


def _not_run(row: Axis) -> str:
    left_out = [point for point in row.points if point.agrees is None]
    if not left_out:
        return ""
    return f"not run at {', '.join(p.value for p in left_out)}: {(left_out[0].reason or '').removeprefix('not run: ')}"
