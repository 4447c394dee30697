"""What the window shows before anything is open: what to do, recent files, examples."""

from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QHeaderView, QLabel, QPushButton, QTreeView, QWidget

from .. import theme
from ..models.paths import PATH_ROLE, PathRow, PathsModel


class WelcomePanel(QWidget):
    open_wished = Signal(Path)

    def __init__(self, open_action: QAction) -> None:
        super().__init__()
        self._build(open_action)

    def _build(self, open_action: QAction) -> None:
        self._picture = QLabel()
        title = QLabel("From a PyTorch file to TorchScript and Core ML")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        title.setFont(font)
        text = QLabel(
            "Open a Python file with a model, or drop one here. Its outline is read first; "
            "nothing runs before you say so."
        )
        text.setWordWrap(True)
        text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.open_button = QPushButton("Open a Model File or Recipe …")
        self.open_button.clicked.connect(open_action.trigger)
        self.open_button.setDefault(True)
        self.recent, self.recent_list = self._list("Recent files")
        self.examples, self.examples_list = self._list("Examples")
        column = QWidget()
        column.setMaximumWidth(900)
        grid = QGridLayout(column)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(10)
        grid.addWidget(self._picture, 0, 0, 1, 2)
        grid.addWidget(title, 1, 0, 1, 2)
        grid.addWidget(text, 2, 0, 1, 2)
        grid.addWidget(self.open_button, 3, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.setRowMinimumHeight(4, 12)
        self._recent_title = _heading("Recent")
        grid.addWidget(_heading("Examples"), 5, 0)
        grid.addWidget(self._recent_title, 5, 1)
        grid.addWidget(self.examples_list, 6, 0)
        grid.addWidget(self.recent_list, 6, 1)
        grid.setRowStretch(7, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(32, 40, 32, 24)
        layout.addStretch(1)
        layout.addWidget(column, 6)
        layout.addStretch(1)
        self._tint()

    def _list(self, name: str) -> tuple[PathsModel, QTreeView]:
        model = PathsModel(self)
        view = QTreeView()
        view.setModel(model)
        view.setRootIsDecorated(False)
        view.setHeaderHidden(True)
        view.setUniformRowHeights(True)
        view.setIconSize(QSize(16, 16))
        view.setAccessibleName(name)
        view.setMinimumSize(200, 270)
        view.setFrameShape(QTreeView.Shape.NoFrame)
        view.viewport().setAutoFillBackground(False)
        view.setSelectionBehavior(QTreeView.SelectionBehavior.SelectRows)
        view.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        view.header().setStretchLastSection(True)
        view.activated.connect(self._open)
        view.clicked.connect(self._open)
        return model, view

    def show_files(self, recent: tuple[PathRow, ...], examples: tuple[PathRow, ...]) -> None:
        self.recent.show(recent)
        self.examples.show(examples)
        for widget in (self._recent_title, self.recent_list):
            widget.setVisible(bool(recent))

    def _open(self, index: QModelIndex) -> None:
        self.open_wished.emit(Path(index.siblingAtColumn(0).data(PATH_ROLE)))

    def _tint(self) -> None:
        self._picture.setPixmap(theme.icon("exportdesk").pixmap(QSize(48, 48), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
