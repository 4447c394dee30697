"""A short list of files under a heading; a click opens one."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtWidgets import QHeaderView, QLabel, QTreeView, QVBoxLayout, QWidget

from ..models.paths import PATH_ROLE, PathRow, PathsModel


class PathList(QWidget):
    path_chosen = Signal(Path)

    def __init__(self, title: str) -> None:
        super().__init__()
        heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.model = PathsModel(self)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setRootIsDecorated(False)
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setIconSize(QSize(16, 16))
        self.view.setAccessibleName(title)
        self.view.setMinimumSize(200, 270)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.view.viewport().setAutoFillBackground(False)
        self.view.setSelectionBehavior(QTreeView.SelectionBehavior.SelectRows)
        self.view.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.view.header().setStretchLastSection(True)
        self.view.activated.connect(self._choose)
        self.view.clicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading)
        layout.addWidget(self.view)

    def show_rows(self, rows: tuple[PathRow, ...]) -> None:
        """Show files; without any, the heading goes too."""
        self.model.show(rows)
        self.setVisible(bool(rows))

    def _choose(self, index: QModelIndex) -> None:
        self.path_chosen.emit(Path(index.siblingAtColumn(0).data(PATH_ROLE)))
