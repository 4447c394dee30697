"""Operations of a Core ML program with their counts, most frequent first."""

from typing import Any, NamedTuple

from PySide6.QtCore import Qt

from .table import RowsModel

SHARE_ROLE = Qt.ItemDataRole.UserRole


class OperationCount(NamedTuple):
    name: str
    times: int


class OperationsModel(RowsModel[OperationCount]):
    """``SHARE_ROLE`` gives the count as a share of the most frequent operation's, for a bar."""

    headings = ("Operation", "Count")
    right_aligned = frozenset({1})

    def cell(self, row: OperationCount, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name if column == 0 else str(row.times)
        if role == SHARE_ROLE:
            return row.times / max(other.times for other in self.rows)
        return None


def operation_rows(counts: dict[str, int]) -> tuple[OperationCount, ...]:
    return tuple(OperationCount(name, count) for name, count in counts.items())
