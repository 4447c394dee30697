"""A text with its search field and its copy button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from .. import theme
from .code_colours import Language
from .code_view import CodeView

FOUND_LIMIT = 2000
"""So many places are marked at most; a search for one letter in a long graph must not hold the window."""


class TextPage(QWidget):
    """Shows one text; typing in the field finds, Enter goes on, Shift+Enter goes back."""

    line_chosen = Signal(int)

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what
        self._found: list[QTextCursor] = []
        self._build()
        self._connect()

    def _build(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText(f"Find in the {self._what}")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(280)
        self.search.setAccessibleName(f"Find in the {self._what}")
        self._count = QLabel()
        self._previous = self._button("chevron-up", "Previous place (Shift+Enter)")
        self._next = self._button("chevron-down", "Next place (Enter)")
        self.copy_button = self._button("copy", f"Copy the whole {self._what}")
        self.copy_button.setText("Copy All")
        self.copy_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.view = CodeView()
        self.view.setAccessibleName(self._what.capitalize())
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        for widget in (self.search, self._previous, self._next, self._count):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.view)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(lambda: self._go(1))
        self._next.clicked.connect(lambda: self._go(1))
        self._previous.clicked.connect(lambda: self._go(-1))
        self.copy_button.clicked.connect(self._copy)
        self.view.line_chosen.connect(self.line_chosen)
        back = QShortcut(QKeySequence("Shift+Return"), self.search, lambda: self._go(-1))
        back.setContext(Qt.ShortcutContext.WidgetShortcut)

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(icon))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        return button

    def show_text(self, text: str, language: Language) -> None:
        self.view.show_code(text, language)
        self._find(self.search.text())

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _find(self, text: str) -> None:
        self._found = []
        if text:
            cursor = self.view.document().find(text, 0)
            while not cursor.isNull() and len(self._found) < FOUND_LIMIT:
                self._found.append(cursor)
                cursor = self.view.document().find(text, cursor)
        self.view.show_found(self._found)
        self._say()
        if self._found:
            self._go(0)

    def _go(self, step: int) -> None:
        if not self._found:
            return
        at = self.view.textCursor()
        backward = step < 0
        flags = QTextDocument.FindFlag.FindBackward if backward else QTextDocument.FindFlag(0)
        start = at.selectionStart() if step <= 0 else at.selectionEnd()
        found = self.view.document().find(self.search.text(), start, flags)
        if found.isNull():
            found = self._found[-1 if backward else 0]
        self.view.setTextCursor(found)
        self.view.ensureCursorVisible()
        self._say()

    def _say(self) -> None:
        if not self.search.text():
            self._count.setText("")
            return
        start = self.view.textCursor().selectionStart()
        number = next((n for n, found in enumerate(self._found, 1) if found.selectionStart() == start), 0)
        total = f"{len(self._found)}{'+' if len(self._found) == FOUND_LIMIT else ''}"
        self._count.setText(f"{number} of {total}" if self._found else "Nothing found")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
        self._count.setText("Copied")
