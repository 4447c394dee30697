"""The source of the selected module, with the problems that were found beside their lines."""

import os
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ...core.diagnostics import Diagnostic, Severity
from ..state.session import Session
from ..state.sizes import size_text
from .code_view import CodeView, LineMark
from .elided import ElidedLabel
from .empty_state import EmptyState

SIZE_LIMIT_BYTES = 4_000_000
_RANK = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


class SourcePanel(QWidget):
    line_chosen = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self._file: Path | None = None
        self._stamp = 0
        self._text = ""
        self._marked: tuple[object, object] = (None, None)
        """The diagnostics that have marks, and the text that has them."""
        self._build()
        self.view.line_chosen.connect(self._choose)

    def _build(self) -> None:
        self.view = CodeView()
        self.view.setAccessibleName("Source")
        self._name = ElidedLabel()
        self._name.setContentsMargins(8, 4, 8, 4)
        self._name.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self._name)
        inner.addWidget(self.view)
        self._stack = QStackedWidget()
        self._empty = EmptyState("No source", "Open a model file to read it here.")
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        document = session.document
        if document is None:
            self._stack.setCurrentIndex(0)
            return
        selected = session.selection.file
        file = (document.folder / selected) if selected else document.model_file
        if not self._load(file):
            return
        if self._marked[0] is not session.diagnostics or self._marked[1] != (file, self._stamp):
            self._marked = (session.diagnostics, (file, self._stamp))
            self.view.show_marks(marks_of(session.diagnostics, file))
        self.view.show_line(session.selection.line)

    def _load(self, file: Path) -> bool:
        try:
            status = file.stat()
            is_same = file == self._file and status.st_mtime_ns == self._stamp
            if not is_same:
                if reason := _why_not_shown(file, status.st_size):
                    self._say("No source", reason)
                    return False
                content = file.read_bytes()
                if b"\0" in content:
                    self._say("No source", f"{file.name} is a binary file and no text.")
                    return False
                self._text = content.decode("utf-8", errors="replace")
        except OSError as error:
            self._say("No source", f"{file} cannot be read: {error.strerror}.")
            return False
        if not is_same:
            self._file, self._stamp = file, status.st_mtime_ns
            self._name.setText(os.path.normpath(file))
            self.view.show_code(self._text, "python")
        self._stack.setCurrentIndex(1)
        return True

    def _say(self, heading: str, text: str) -> None:
        self._file = None
        self._empty.say(heading, text)
        self._stack.setCurrentIndex(0)

    def _choose(self, line: int) -> None:
        if self._file is not None:
            self.line_chosen.emit(str(self._file), line)


def _why_not_shown(file: Path, size_bytes: int) -> str:
    if file.suffix != ".py":
        return f"{file.name} is already compiled; what it does is shown in the middle."
    if size_bytes > SIZE_LIMIT_BYTES:
        return f"{file.name} is too long to be shown here ({size_text(size_bytes)})."
    return ""


def marks_of(diagnostics: tuple[Diagnostic, ...], file: Path) -> dict[int, LineMark]:
    """Return the problems in a file by line; several at one line become one mark, as severe as the worst."""
    same = {name: _is_same(name, file) for name in {diagnostic.file for diagnostic in diagnostics} if name}
    marks: dict[int, LineMark] = {}
    ranks: dict[int, int] = {}
    for diagnostic in diagnostics:
        if not diagnostic.line or not diagnostic.file or not same[diagnostic.file]:
            continue
        text = diagnostic.message if not diagnostic.hint else f"{diagnostic.message}\n{diagnostic.hint}"
        known = marks.get(diagnostic.line)
        rank = max(_RANK[diagnostic.severity], ranks.get(diagnostic.line, 0))
        ranks[diagnostic.line] = rank
        severity = next(severity for severity, value in _RANK.items() if value == rank)
        marks[diagnostic.line] = LineMark(severity.value, f"{known.text}\n\n{text}" if known else text)
    return marks


def _is_same(named: str, file: Path) -> bool:
    path = Path(named)
    return path == file if path.is_absolute() else file.parts[-len(path.parts) :] == path.parts
