"""What the window shows before anything is open: what to do, recent files, examples."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from .. import theme

if TYPE_CHECKING:
    from ..models.paths import PathRow
    from .path_list import PathList


class WelcomePanel(QWidget):
    open_wished = Signal(Path)

    def __init__(self, open_action: QAction) -> None:
        super().__init__()
        self.lists: tuple[PathList, PathList] | None = None
        """Examples and recent files."""
        self._build(open_action)

    def _build(self, open_action: QAction) -> None:
        self._picture = QLabel()
        title = QLabel("From a PyTorch file to TorchScript and Core ML")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        title.setFont(font)
        title.setWordWrap(True)  # the panels' room is beside this page's, even while it is hidden
        text = QLabel(
            "Open a Python file with a model, or drop one here. Its outline is read first; "
            "nothing runs before you say so."
        )
        text.setWordWrap(True)
        text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.open_button = QPushButton("Open a Model File or Recipe …")
        self.open_button.clicked.connect(open_action.trigger)
        self.open_button.setDefault(True)
        column = QWidget()
        column.setMaximumWidth(900)
        grid = self._grid = QGridLayout(column)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(10)
        grid.addWidget(self._picture, 0, 0, 1, 2)
        grid.addWidget(title, 1, 0, 1, 2)
        grid.addWidget(text, 2, 0, 1, 2)
        row = QHBoxLayout()
        row.addWidget(self.open_button)
        row.addStretch(1)
        grid.addLayout(row, 3, 0, 1, 2)
        grid.setRowMinimumHeight(4, 12)
        grid.setRowStretch(7, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(32, 40, 32, 24)
        layout.addStretch(1)
        layout.addWidget(column, 6)
        layout.addStretch(1)
        self._tint()

    def show_files(self, recent: "tuple[PathRow, ...]", examples: "tuple[PathRow, ...]") -> None:
        """Show what can be opened with a click; the first picture of the window does not wait for it."""
        if self.lists is None:
            from .path_list import PathList

            self.lists = (PathList("Examples"), PathList("Recent"))
            for column, made in enumerate(self.lists):
                self._grid.addWidget(made, 5, column)
                made.path_chosen.connect(self.open_wished)
        self.lists[0].show_rows(examples)
        self.lists[1].show_rows(recent)

    def _tint(self) -> None:
        self._picture.setPixmap(theme.icon("exportdesk").pixmap(QSize(48, 48), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)
