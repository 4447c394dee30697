"""News and failures above the work: one paragraph, never in the way."""

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QToolButton, QVBoxLayout

from ...core.errors import Failure
from .. import theme
from ..state.documents import MODEL_MISSING
from ..state.session import Notice
from ..state.wording import failure_text, short_failure_text, with_short_paths

_ICONS = {"success": "success", "information": "note", "warning": "warning", "error": "error"}
_TINTS = {"success": "success", "information": "note", "warning": "warning", "error": "error"}


class Banner(QFrame):
    """Shows the latest failure, else the latest notice; a failure's traceback waits behind *Details*."""

    closed = Signal()
    place_wished = Signal(str, int)
    """File and line of a failure."""
    reveal_wished = Signal(str)
    locate_wished = Signal(Path)
    """A recipe whose model file has to be found again."""

    def __init__(self) -> None:
        super().__init__()
        self._failure: Failure | None = None
        self._notice: Notice | None = None
        self._tone = "information"
        self._build()
        self._connect()
        self.hide()

    def _build(self) -> None:
        self._picture = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.text.setMinimumWidth(80)  # a word as long as a path must not widen the window
        self.place_button = _button("Show Line")
        self.locate_button = _button("Choose the Model File …")
        self.reveal_button = _button("Show in Folder")
        self.details_button = _button("Details")
        self.details_button.setCheckable(True)
        self.close_button = _button("")
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close this message")
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Details of the failure")
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFont(theme.code_font())
        self.details.setMaximumHeight(220)
        self.details.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._picture, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        for button in (
            self.place_button,
            self.locate_button,
            self.reveal_button,
            self.details_button,
            self.close_button,
        ):
            row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(row)
        layout.addWidget(self.details)

    def _connect(self) -> None:
        self.close_button.clicked.connect(self.closed)
        self.details_button.toggled.connect(self.details.setVisible)
        self.place_button.clicked.connect(self._wish_place)
        self.locate_button.clicked.connect(self._wish_locate)
        self.reveal_button.clicked.connect(self._wish_reveal)

    def show_state(self, failure: Failure | None, notice: Notice | None) -> None:
        if failure == self._failure and notice == self._notice:
            return
        self._failure, self._notice = failure, notice
        self.details_button.setChecked(False)
        if failure is not None:
            self._tone = "error"
            self.text.setText(short_failure_text(failure))
            self.text.setToolTip(failure_text(failure))
            self.details.setPlainText(failure.details or "")
        elif notice is not None:
            self._tone = notice.tone
            self.text.setText(with_short_paths(notice.text))
            self.text.setToolTip(notice.text)
        self.details_button.setVisible(bool(failure and failure.details))
        self.place_button.setVisible(bool(failure and failure.file and failure.line))
        self.locate_button.setVisible(bool(failure and failure.code == MODEL_MISSING))
        self.reveal_button.setVisible(bool(not failure and notice and notice.reveal))
        self.setVisible(failure is not None or notice is not None)
        self._tint()

    def _wish_place(self) -> None:
        if self._failure and self._failure.file and self._failure.line:
            self.place_wished.emit(self._failure.file, self._failure.line)

    def _wish_locate(self) -> None:
        if self._failure and self._failure.file:
            self.locate_wished.emit(Path(self._failure.file))

    def _wish_reveal(self) -> None:
        if self._notice and self._notice.reveal:
            self.reveal_wished.emit(self._notice.reveal)

    def _tint(self) -> None:
        picture = theme.icon(_ICONS[self._tone], _TINTS[self._tone])
        self._picture.setPixmap(picture.pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self.close_button.setIcon(theme.icon("close"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        colour = theme.meaning(_TINTS[self._tone])
        soft = QColor(colour)
        soft.setAlpha(38 if theme.is_dark() else 26)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        painter.fillRect(self.rect(), soft)
        painter.fillRect(0, 0, 4, self.height(), colour)
        painter.end()


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(not text)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
