"""Code to read: line numbers, marks for problems in the margin, colours, and one line that stands out."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from .. import theme
from .code_colours import CodeColours, Language


class LineMark(NamedTuple):
    """A problem at a line."""

    severity: str
    text: str


class CodeView(QPlainTextEdit):
    """Read-only; the cursor may move, so that the keyboard can select and copy."""

    line_chosen = Signal(int)
    """The person put the cursor into another line (counted from 1)."""

    def __init__(self, *, has_margin: bool = True) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._colours = CodeColours(self.document())
        self._has_margin = has_margin
        self._marks: dict[int, LineMark] = {}
        self._found: list[QTextEdit.ExtraSelection] = []
        self._line: int | None = None
        self._is_moving_itself = False
        self._margin = _Margin(self)
        self.blockCountChanged.connect(self._fit_margin)
        self.updateRequest.connect(self._scroll_margin)
        self.cursorPositionChanged.connect(self._tell_line)
        self.set_zoom(0)

    def set_zoom(self, zoom: int) -> None:
        self.setFont(theme.code_font(zoom))
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self._fit_margin()

    def show_code(self, text: str, language: Language) -> None:
        self._is_moving_itself = True
        self.setPlainText(text)
        self._is_moving_itself = False
        self._line = None
        self._found = []
        self._colours.colour(self.toPlainText(), language)
        self._highlight()

    def show_marks(self, marks: dict[int, LineMark]) -> None:
        """Show problems by their line, counted from 1."""
        if marks != self._marks:
            self._marks = dict(marks)
            self._fit_margin()
            self._margin.update()

    def show_line(self, line: int | None) -> None:
        """Let a line stand out, and scroll to it if it is out of sight."""
        if line == self._line:
            return
        self._line = line
        block = self.document().findBlockByNumber((line or 0) - 1)
        if block.isValid():
            self._is_moving_itself = True
            self.setTextCursor(QTextCursor(block))
            self.centerCursor()
            self._is_moving_itself = False
        self._highlight()

    def show_found(self, found: list[QTextCursor]) -> None:
        """Let the places of a search stand out."""
        background = theme.meaning("warning")
        background.setAlpha(70)
        self._found = []
        for cursor in found:
            selection = QTextEdit.ExtraSelection()
            selection.cursor = cursor
            selection.format.setBackground(background)
            self._found.append(selection)
        self._highlight()

    def _highlight(self) -> None:
        selections = list(self._found)
        block = self.document().findBlockByNumber((self._line or 0) - 1)
        if block.isValid():
            line = QTextEdit.ExtraSelection()
            colour = QColor(self.palette().color(QPalette.ColorRole.Highlight))
            colour.setAlpha(45)
            line.format.setBackground(colour)
            line.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            line.cursor = QTextCursor(block)
            selections.insert(0, line)
        self.setExtraSelections(selections)

    def _tell_line(self) -> None:
        if not self._is_moving_itself and not self.textCursor().hasSelection():
            self.line_chosen.emit(self.textCursor().blockNumber() + 1)

    # The margin.

    def margin_width(self) -> int:
        if not self._has_margin:
            return 0
        digits = len(str(max(99, self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + self._mark_side() + 14

    def _mark_side(self) -> int:
        return max(12, self.fontMetrics().height() - 2)

    def _fit_margin(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)
        area = self.contentsRect()
        self._margin.setGeometry(QRect(area.left(), area.top(), self.margin_width(), area.height()))

    def _scroll_margin(self, area: QRect, pixels: int) -> None:
        if pixels:
            self._margin.scroll(0, pixels)
        else:
            self._margin.update(0, area.y(), self._margin.width(), area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_margin()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._colours.refresh()
            self._highlight()
        super().changeEvent(event)

    def paint_margin(self, area: QRect) -> None:
        painter = QPainter(self._margin)
        painter.fillRect(area, self.palette().color(QPalette.ColorRole.AlternateBase))
        painter.setFont(self.font())
        muted, strong = theme.meaning("muted"), self.palette().color(QPalette.ColorRole.Text)
        side, width = self._mark_side(), self._margin.width()
        block = self.firstVisibleBlock()
        while block.isValid():
            top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
            if top > area.bottom():
                break
            number = block.blockNumber() + 1
            height = int(self.blockBoundingRect(block).height())
            painter.setPen(strong if number == self._line else muted)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRect(0, int(top), width - 8, height), align, str(number))
            if mark := self._marks.get(number):
                picture = theme.icon(mark.severity, mark.severity).pixmap(QSize(side, side), self.devicePixelRatioF())
                painter.drawPixmap(QRect(3, int(top) + (height - side) // 2, side, side), picture)
            block = block.next()
        painter.end()

    def mark_at(self, position: QPoint) -> LineMark | None:
        line = self.cursorForPosition(QPoint(0, position.y())).blockNumber() + 1
        return self._marks.get(line)

    def choose_line_at(self, position: QPoint) -> None:
        self.line_chosen.emit(self.cursorForPosition(QPoint(0, position.y())).blockNumber() + 1)


class _Margin(QWidget):
    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_margin(event.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._view.choose_line_at(event.position().toPoint())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            mark = self._view.mark_at(event.pos())
            if mark is not None:
                QToolTip.showText(event.globalPos(), mark.text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
