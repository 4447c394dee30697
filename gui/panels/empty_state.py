"""What a view shows when it has nothing to show: why, and what to do."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from .wrapped import WrappedLabel


class EmptyState(QWidget):
    """A heading, a sentence, and a button for the action that changes it."""

    def __init__(self, heading: str, text: str = "", action: QAction | None = None) -> None:
        super().__init__()
        self._heading = WrappedLabel(heading)
        self._heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = self._heading.font()
        font.setBold(True)
        self._heading.setFont(font)
        self._text = WrappedLabel(text, is_quiet=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addStretch()
        layout.addWidget(self._heading)
        layout.addWidget(self._text)
        if action is not None:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()

    def say(self, heading: str, text: str = "") -> None:
        self._heading.setText(heading)
        self._text.setText(text)
