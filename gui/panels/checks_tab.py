"""Whether the exported files give the model's numbers, as a table and in plain words."""

import html

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.results import Check, ExportResult
from ..models.checks import OUTPUT, ChecksModel, plain_words
from ..state.layers import suggestion_words
from ..state.session import Session
from .empty_state import EmptyState
from .flat_table import FlatTable
from .layers_view import LayersView
from .wrapped import WrappedLabel

_BY_LAYER = 1


class ChecksTab(QWidget):
    def __init__(self, export: QAction, keep_float32: QAction) -> None:
        super().__init__()
        self._result: ExportResult | None = None
        self._build(export, keep_float32)

    def _build(self, export: QAction, keep_float32: QAction) -> None:
        self.verdict = WrappedLabel()
        font = self.verdict.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.verdict.setFont(font)
        self.stale = WrappedLabel("The recipe has changed since these checks; export again to check what it makes now.")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.model = ChecksModel(self)
        self.table = FlatTable(self.model, "Checks")
        header = self.table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(12, 10, 12, 10)
        inner.setSpacing(10)
        inner.addWidget(self.verdict)
        inner.addWidget(self.stale)
        inner.addLayout(self._advice(keep_float32))
        self.layers = LayersView()
        self._parts = QTabWidget()
        self._parts.setDocumentMode(True)
        summary = QWidget()
        lines = QVBoxLayout(summary)
        lines.setContentsMargins(0, 8, 0, 0)
        lines.addWidget(self.words)
        lines.addWidget(self.table, 1)
        self._parts.addTab(summary, "Summary")
        self._parts.addTab(self.layers, "By Layer")
        inner.addWidget(self._parts, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState("No checks yet", "An export compares its files with your model on random inputs.", export)
        )
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_layers(self) -> None:
        """Turn to the errors by layer, where there are any."""
        if self._parts.isTabVisible(_BY_LAYER):
            self._parts.setCurrentIndex(_BY_LAYER)

    def _advice(self, keep_float32: QAction) -> QHBoxLayout:
        self.keep_button = QToolButton()
        self.keep_button.setDefaultAction(keep_float32)
        self.keep_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.keep_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.advice = WrappedLabel()
        row = QHBoxLayout()
        row.addWidget(self.keep_button)
        row.addWidget(self.advice, 1)
        return row

    def show_state(self, session: Session) -> None:
        exported = session.exported
        self._stack.setCurrentIndex(0 if exported is None else 1)
        self.stale.setVisible(session.is_result_stale)
        if exported is None or exported.result is self._result:
            return
        self._result = exported.result
        checks = exported.result.checks
        self.model.show(checks)
        self.table.setColumnHidden(OUTPUT, len({check.output for check in checks if check.output}) < 2)
        self.verdict.setText(verdict_text(checks))
        items = "".join(f"<p style='margin:0 0 4px 0'>{html.escape(plain_words(check))}</p>" for check in checks)
        self.words.setText(items)
        advice = suggestion_words(exported.result.float32_suggestion)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
        self.keep_button.setVisible(bool(advice))
        layers = exported.result.layers
        self.layers.show_layers(layers)
        self._parts.setTabVisible(_BY_LAYER, bool(layers))
        self._parts.tabBar().setVisible(bool(layers))


def verdict_text(checks: tuple[Check, ...]) -> str:
    """Return the answer to “may I ship this?” as far as the checks know it."""
    failed = sum(check.status == "failed" for check in checks)
    not_run = sum(check.status == "not run" for check in checks)
    passed = len(checks) - failed - not_run
    if failed:
        return f"{failed} of {len(checks)} checks failed: the exported model does not do what yours does."
    if not passed:
        return "Nothing was checked."
    if not_run:
        return f"{passed} of {len(checks)} checks passed, {not_run} could not be run."
    return f"All {passed} checks passed." if passed > 1 else "The check passed."
