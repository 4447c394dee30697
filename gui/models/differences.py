"""What differs between two graphs, a row each: removed, added, changed."""

from typing import Any, NamedTuple

from PySide6.QtCore import Qt

from ...core.graph.diff import GraphDiff
from ...core.graph.model import Graph
from .table import RowsModel


class Difference(NamedTuple):
    sign: str
    operation: str
    module: str
    change: str
    node: str
    """Id of the node in the picture of both graphs."""


class DifferencesModel(RowsModel[Difference]):
    headings = ("", "Operation", "Module", "What differs")

    def cell(self, row: Difference, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.sign, row.operation, row.module or "the model", row.change)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.change
        return None


def difference_rows(before: Graph, after: Graph, diff: GraphDiff) -> tuple[Difference, ...]:
    """Return the rows in the order of the second graph, what the first had more at the head."""
    old, new = before.nodes, after.nodes
    rows = [
        Difference("−", old.label[node], old.module[node], f"only in {before.title}", f"removed/{old.id[node]}")
        for node in diff.removed.array.tolist()
    ]
    changed = {node: change for node, change in zip(diff.after.array.tolist(), diff.changes, strict=True) if change}
    added = set(diff.added.array.tolist())
    for node in sorted({*changed, *added}):
        sign, change = ("+", f"only in {after.title}") if node in added else ("~", changed[node])
        rows.append(Difference(sign, new.label[node], new.module[node], change, new.id[node]))
    return tuple(rows)


def difference_words(before: Graph, after: Graph, diff: GraphDiff) -> str:
    """Return the outcome in a sentence."""
    changed = sum(bool(change) for change in diff.changes)
    same = len(diff.before) - changed
    counts = (
        f"{same:,} the same, {changed:,} changed (~), {len(diff.removed):,} only in the first (−), "
        f"{len(diff.added):,} only in the second (+)"
    )
    return f"{before.title} and {after.title}: {counts}."
