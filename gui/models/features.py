"""Inputs, outputs and states of a Core ML package as a table."""

from typing import Any, NamedTuple

from PySide6.QtCore import Qt

from ...core.results import CoreMLSummary, Feature
from .. import theme
from .table import RowsModel


class FeatureRow(NamedTuple):
    role: str
    feature: Feature


class FeaturesModel(RowsModel[FeatureRow]):
    headings = ("", "Name", "Kind", "Type", "Shape", "Description")

    def cell(self, row: FeatureRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                shape = " × ".join(row.feature.shape)
                feature = row.feature
                return (row.role, feature.name, feature.kind, feature.dtype, shape, feature.description)[column]
            case Qt.ItemDataRole.FontRole if column in (1, 4):
                return theme.code_font()
            case Qt.ItemDataRole.ForegroundRole if column == 0:
                return theme.meaning("muted")
        return None


def feature_rows(summary: CoreMLSummary) -> tuple[FeatureRow, ...]:
    """Return all features in the order in which an app meets them."""
    return (
        *(FeatureRow("input", feature) for feature in summary.inputs),
        *(FeatureRow("state", feature) for feature in summary.states),
        *(FeatureRow("output", feature) for feature in summary.outputs),
    )
