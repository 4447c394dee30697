"""A paragraph that is never wider than its place, whatever long names it holds."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel

_LONG_WORD = re.compile(r"\S{24,}")
_PIECE = re.compile(r".{1,20}?[_./\\,=-]+|.{1,20}")
_MAY_BREAK = "\u200b"
"""No width, and a line may end there."""


class WrappedLabel(QLabel):
    """Breaks words as long as a path or a module's name, at their joints where they have some."""

    def __init__(self, text: str = "", *, is_quiet: bool = False) -> None:
        """Make a label; a quiet one is in the colour of explanations."""
        super().__init__()
        self._told = ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if is_quiet:
            self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._told = text
        super().setText(breakable(text))

    def text(self) -> str:
        """Return the text as it was set."""
        return self._told


def breakable(text: str) -> str:
    """Return a text whose long words may go on in the next line."""
    return _LONG_WORD.sub(lambda word: _MAY_BREAK.join(_PIECE.findall(word[0])), text)
