"""What the model's own code, torch and coremltools print."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QPalette, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from .. import theme
from .empty_state import EmptyState

LINE_LIMIT = 20_000
PENDING_LIMIT = 200_000
"""Characters kept for the next pictures; of a flood the end is what matters."""
CHUNK = 15_000
"""Characters a picture, so that it takes Qt some 20 ms."""


class LogPanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._pending = ""
        self._left_out = 0
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(50)
        self._clock.timeout.connect(self._write)
        self._build()

    def _build(self) -> None:
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(LINE_LIMIT)
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setFont(theme.code_font())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Log")
        clear, copy = QToolButton(), QToolButton()
        clear.setText("Clear")
        clear.clicked.connect(self.clear)
        copy.setText("Copy All")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        row = QHBoxLayout()
        row.setContentsMargins(6, 2, 6, 2)
        self._remark = QLabel(f"The last {LINE_LIMIT:,} lines")
        self._remark.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._remark.hide()
        row.addWidget(self._remark)
        row.addStretch()
        row.addWidget(copy)
        row.addWidget(clear)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(row)
        inner.addWidget(self.text)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("Nothing printed", "What the model, torch and coremltools print comes here."))
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def add(self, text: str) -> None:
        """Take printed text; it is shown with the next pictures, so that a flood never holds the window."""
        self._pending += text
        if len(self._pending) > 2 * PENDING_LIMIT:
            self._left_out += len(self._pending) - PENDING_LIMIT
            self._pending = self._pending[-PENDING_LIMIT:]
        if not self._clock.isActive():
            self._clock.start()

    def clear(self) -> None:
        self._pending = ""
        self._left_out = 0
        self.text.clear()
        self._stack.setCurrentIndex(0)

    def _write(self) -> None:
        bar = self.text.verticalScrollBar()
        was_at_end = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self._left_out:
            cursor.insertText(f"\n… left out {self._left_out:,} characters that came faster than they can be read …\n")
            self._left_out = 0
        # A carriage return goes with the line feed that may follow it.
        end = CHUNK - 1 if self._pending[CHUNK - 1 : CHUNK] == "\r" else CHUNK
        text, self._pending = self._pending[:end], self._pending[end:]
        for number, part in enumerate(text.replace("\r\n", "\n").split("\r")):
            if number:
                # A carriage return (a progress bar in the text) writes the last line anew.
                cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
                cursor.removeSelectedText()
            cursor.insertText(part)
        self._remark.setVisible(self.text.blockCount() >= LINE_LIMIT)
        self._stack.setCurrentIndex(1)
        if was_at_end:
            bar.setValue(bar.maximum())
        if self._pending:
            self._clock.start()
