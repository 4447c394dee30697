"""Where in the model the error comes in: a picture over depth, and a table."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHeaderView, QSplitter, QVBoxLayout, QWidget

from ...core.results import LayerError
from ..models.layers import LayersModel
from ..state.session import Selection
from .flat_table import FlatTable

if TYPE_CHECKING:
    from .layers_picture import LayersPicture


class LayersView(QWidget):
    place_chosen = Signal(object)
    """A Selection."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: LayersPicture | None = None
        self._drawn: tuple[LayerError, ...] = ()
        self._build()
        self.table.selectionModel().currentRowChanged.connect(self._choose)

    def _build(self) -> None:
        self.model = LayersModel(self)
        self.table = FlatTable(self.model, "Errors by layer")
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._split, 1)

    def show_layers(self, rows: tuple[LayerError, ...]) -> None:
        self.model.show(rows)
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw(self) -> None:
        rows = self.model.rows
        if not rows or not self.isVisible() or rows == self._drawn:
            return
        if self._picture is None:
            from .layers_picture import LayersPicture

            self._picture = LayersPicture()
            self._picture.layer_chosen.connect(self._choose_number)
            self._split.insertWidget(0, self._picture)
            self._split.setSizes([320, 180])
        self._picture.show_rows(rows)
        self._drawn = rows

    def _choose_number(self, number: int) -> None:
        self.table.setCurrentIndex(self.model.index(number, 0))

    def _choose(self, current: QModelIndex) -> None:
        row = self.model.row_at(current)
        if row is not None:
            self.place_chosen.emit(Selection(module=row.module, file=row.file, line=row.line))
