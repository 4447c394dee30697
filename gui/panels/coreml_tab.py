"""What the app team gets: inputs, outputs, operations, size, and where the files are."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.recipe.model import TARGETS
from ...core.results import CoreMLSummary
from .. import theme
from ..models.features import FeaturesModel, feature_rows
from ..models.operations import OperationsModel, operation_rows
from ..state.session import Session
from ..state.sizes import size_text
from ..state.words import target_text
from .bars import BarDelegate
from .elided import ElidedLabel
from .empty_state import EmptyState
from .flat_table import FlatTable
from .graph_page import GraphPage
from .wrapped import WrappedLabel

_FILES = {"torchscript": "TorchScript", "exported": "torch.export", "coreml": "Core ML", "recipe": "Recipe"}


class CoreMLTab(QWidget):
    reveal_wished = Signal(str)

    def __init__(self, export: QAction) -> None:
        super().__init__()
        self._files_shown: dict[str, str] = {}
        self._summary: CoreMLSummary | None = None
        self._build(export)

    def _build(self, export: QAction) -> None:
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.stale = WrappedLabel("The recipe has changed since this export; export again to see its effect.")
        self.features = FeaturesModel(self)
        self.feature_table = FlatTable(self.features, "Inputs and outputs")
        for column, characters in ((0, 8), (1, 18), (2, 10), (3, 10), (4, 20)):
            self.feature_table.header().resizeSection(column, characters * self.fontMetrics().averageCharWidth() + 10)
        self.operations = OperationsModel(self)
        self.operation_table = FlatTable(self.operations, "Operations")
        self.operation_table.setItemDelegateForColumn(1, BarDelegate(self.operation_table))
        self.operation_table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.operation_table.header().setStretchLastSection(True)
        self._files = QGridLayout()
        self._files.setHorizontalSpacing(10)
        self._files.setColumnStretch(1, 1)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.addWidget(_titled("Inputs and outputs", self.feature_table))
        tables.addWidget(_titled("Operations", self.operation_table))
        tables.setStretchFactor(1, 1)
        tables.setSizes([170, 330])
        tables.setChildrenCollapsible(False)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(12, 10, 12, 10)
        inner.setSpacing(8)
        inner.addWidget(self.stale)
        inner.addWidget(self.summary)
        inner.addLayout(self._files)
        inner.addWidget(tables, 1)
        self.graph = GraphPage()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(page, "Overview")
        self.tabs.addTab(self.graph, "Graph")
        self._empty = EmptyState("No Core ML package yet", "Export the model to see what an app gets.", export)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tabs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def focus_search(self) -> bool:
        """Put the cursor into the search field of the graph, where that is in sight."""
        is_graph = self._stack.currentWidget() is self.tabs and self.tabs.currentWidget() is self.graph
        return is_graph and self.graph.focus_search()

    def show_state(self, session: Session) -> None:
        shown, exported = session.shown, session.exported
        file = shown.files.get("coreml", "") if shown else ""
        is_known = bool(file) or exported is not None
        self._stack.setCurrentIndex(1 if is_known else 0)
        self.stale.setVisible(session.is_result_stale)
        if shown is None or not is_known:
            return
        none = "" if file else "No Core ML package was made."
        self.graph.show_graph(shown.graphs.get(file), shown.remarks.get(file, none))
        self.graph.show_colours(session)
        self.graph.show_selection(session.selection)
        summary = shown.coreml
        reading = shown.remarks.get("package", "The package is being read …") if file else ""
        self.summary.setText(reading if reading and summary is None else summary_text(summary))
        if shown.files == self._files_shown and summary is self._summary:
            return
        self._files_shown, self._summary = shown.files, summary
        self._show_files(shown.files)
        self.features.show(feature_rows(summary) if summary else ())
        self.operations.show(operation_rows(summary.operations) if summary else ())
        self.operation_table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def _show_files(self, files: dict[str, str]) -> None:
        while item := self._files.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        for row, (kind, file) in enumerate(files.items()):
            kind_label = QLabel(_FILES.get(kind, kind))
            kind_label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            name = ElidedLabel(Path(file).name)
            name.setToolTip(file)
            reveal = QToolButton()
            reveal.setText("Show in Folder")
            reveal.setIcon(theme.icon("reveal"))
            reveal.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            reveal.setAutoRaise(True)
            reveal.setAccessibleName(f"Show {Path(file).name} in its folder")
            reveal.clicked.connect(lambda checked=False, file=file: self.reveal_wished.emit(file))
            for column, widget in enumerate((kind_label, name, reveal)):
                self._files.addWidget(widget, row, column)


def summary_text(summary: CoreMLSummary | None) -> str:
    """Return one line on the package."""
    if summary is None:
        return "No Core ML package was made: it is switched off, or coremltools is not installed."
    parts = [size_text(summary.size_bytes)]
    if summary.minimum_deployment_target:
        target = summary.minimum_deployment_target
        parts.append(f"for {target_text(target) if target in TARGETS else target}")
    if summary.precision:
        parts.append("mixed precision" if summary.precision == "mixed" else summary.precision)
    if summary.specification_version:
        parts.append(f"specification {summary.specification_version}")
    count = sum(summary.operations.values())
    parts.append(f"{count} operation{'' if count == 1 else 's'}")
    return " · ".join(parts)


def _titled(title: str, table: FlatTable) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 6, 0, 0)
    layout.setSpacing(4)
    heading = QLabel(title)
    font = heading.font()
    font.setBold(True)
    heading.setFont(font)
    layout.addWidget(heading)
    layout.addWidget(table)
    return box
