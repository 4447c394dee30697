"""Colours for code, a few milliseconds at a time so that a long file never holds the window."""

import time
from collections.abc import Iterator
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from .. import theme

Language = Literal["python", "graph", "plain"]
SLICE_S = 0.008


class CodeColours(QObject):
    """Colours one document with Pygments' tokens, from the top, in slices of the event loop."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._document = document
        self._text = ""
        self._language: Language = "plain"
        self._tokens: Iterator[tuple[int, Any, str]] | None = None
        self._block = QTextBlock()
        self._ranges: list[QTextLayout.FormatRange] = []
        self._formats: dict[Any, QTextCharFormat | None] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._colour_slice)

    def colour(self, text: str, language: Language) -> None:
        """Start anew with the document's present text."""
        self._text, self._language = text, language
        self.refresh()

    def refresh(self) -> None:
        """Colour again, as the palette has changed."""
        self._timer.stop()
        self._formats, self._ranges = {}, []
        if self._language == "plain" or not self._text:
            return
        self._tokens = None
        self._block = self._document.firstBlock()
        self._timer.start()

    def _colour_slice(self) -> None:
        deadline = time.perf_counter() + SLICE_S
        first = self._block.position() if self._block.isValid() else 0
        if self._tokens is None:
            self._tokens = _lexer(self._language).get_tokens_unprocessed(self._text)
        for start, kind, value in self._tokens:
            style = self._format_of(kind)
            if style is not None:
                self._add(start, len(value), style)
            if time.perf_counter() > deadline:
                break
        else:
            self._finish_block()
            self._timer.stop()
        last = self._block.position() + self._block.length() if self._block.isValid() else len(self._text)
        self._document.markContentsDirty(first, max(0, last - first))

    def _add(self, start: int, length: int, style: QTextCharFormat) -> None:
        end = start + length
        while self._block.isValid() and start >= self._block.position() + self._block.length():
            self._finish_block()
        while self._block.isValid() and start < end:
            # A token of several lines (a docstring) has a range in each of its blocks.
            in_block = min(end, self._block.position() + self._block.length()) - start
            part = QTextLayout.FormatRange()
            part.start = start - self._block.position()
            part.length = in_block
            part.format = style
            self._ranges.append(part)
            start += in_block
            if start < end:
                self._finish_block()

    def _finish_block(self) -> None:
        if self._block.isValid():
            self._block.layout().setFormats(self._ranges)
            self._ranges = []
            self._block = self._block.next()

    def _format_of(self, kind: Any) -> QTextCharFormat | None:
        if kind not in self._formats:
            self._formats[kind] = _make_format(kind)
        return self._formats[kind]


def _make_format(kind: Any) -> QTextCharFormat | None:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    meanings = (
        (Comment, "comment"),
        (String, "string"),
        (Number, "number"),
        (Keyword, "keyword"),
        (Operator.Word, "keyword"),
        (Name.Decorator, "keyword"),
        (Name.Function, "name"),
        (Name.Class, "name"),
        (Name.Variable, "name"),
        (Name.Builtin, "trace"),
    )
    for family, meaning in meanings:
        if kind in family:
            made = QTextCharFormat()
            made.setForeground(theme.meaning(meaning))
            made.setFontItalic(family is Comment)
            return made
    return None


def _lexer(language: Language) -> Any:
    if language == "python":
        from pygments.lexers.python import PythonLexer

        return PythonLexer(stripnl=False, ensurenl=False)
    from .graph_lexer import GraphLexer

    return GraphLexer(stripnl=False, ensurenl=False)
