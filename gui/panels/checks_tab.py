"""Whether the exported files give the model's numbers, as a table and in plain words."""

import html

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHeaderView, QLabel, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from ...core.results import Check
from ..models.checks import OUTPUT, ChecksModel, plain_words
from ..state.session import Session
from .empty_state import EmptyState


class ChecksTab(QWidget):
    def __init__(self, export: QAction) -> None:
        super().__init__()
        self._build(export)

    def _build(self, export: QAction) -> None:
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        font = self.verdict.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.verdict.setFont(font)
        self.stale = QLabel("The recipe has changed since these checks; export again to check what it makes now.")
        self.stale.setWordWrap(True)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.model = ChecksModel(self)
        self.table = QTreeView()
        self.table.setModel(self.model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAccessibleName("Checks")
        header = self.table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(12, 10, 12, 10)
        inner.setSpacing(10)
        inner.addWidget(self.verdict)
        inner.addWidget(self.stale)
        inner.addWidget(self.words)
        inner.addWidget(self.table, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState("No checks yet", "An export compares its files with your model on random inputs.", export)
        )
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        exported = session.exported
        self._stack.setCurrentIndex(0 if exported is None else 1)
        self.stale.setVisible(session.is_result_stale)
        if exported is None or exported.result.checks == self.model.rows:
            return
        checks = exported.result.checks
        self.model.show(checks)
        self.table.setColumnHidden(OUTPUT, len({check.output for check in checks if check.output}) < 2)
        self.verdict.setText(verdict_text(checks))
        items = "".join(f"<p style='margin:0 0 4px 0'>{html.escape(plain_words(check))}</p>" for check in checks)
        self.words.setText(items)


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
