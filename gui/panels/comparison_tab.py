"""Two graphs in one picture, with what differs between them as a list beside it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.graph.model import Graph
from ..canvas.spot import Spot
from ..state.session import Comparison, Session
from .empty_state import EmptyState
from .flat_table import FlatTable
from .wrapped import WrappedLabel

if TYPE_CHECKING:
    from ...core.graph.diff import GraphDiff


class ComparisonTab(QWidget):
    spot_chosen = Signal(object)
    """A Spot: what was chosen in the picture."""
    shown = Signal()
    """The differences are there."""
    failed = Signal(str)

    def __init__(self, actions: tuple[QAction, ...]) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self._build(actions)

    def _build(self, actions: tuple[QAction, ...]) -> None:
        self._empty = EmptyState("Nothing is compared", "Compare the exported files with each other, or with others.")
        buttons = QWidget()
        column = QVBoxLayout(buttons)
        column.addWidget(self._empty, 1)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.words = WrappedLabel()
        self.words.setContentsMargins(8, 6, 8, 6)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self._page = QWidget()
        layout = QVBoxLayout(self._page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.words)
        layout.addWidget(self.split, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(buttons)
        self._stack.addWidget(self._page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        comparison = session.comparison
        if comparison == self._comparison:
            return
        self._comparison = comparison
        self._stack.setCurrentIndex(0 if comparison is None else 1)
        if comparison is not None:
            self._make()
            self.words.setText(f"Comparing {comparison.before.title} with {comparison.after.title} …")
            self._thread.wish(comparison.before, comparison.after)

    @property
    def is_drawn(self) -> bool:
        """Whether what is to be compared, if anything, is on show."""
        return self._comparison is None or self.view.canvas.scene is not None

    def focus_search(self) -> bool:
        """Put the cursor into the search field, if there is one."""
        if self._comparison is None:
            return False
        self.view.focus_search()
        return True

    def _make(self) -> None:
        """Make picture and list, when there is a first comparison to show in them."""
        if self.split.count():
            return
        from ..canvas.diff_thread import DiffThread
        from ..canvas.view import GraphView
        from ..models.differences import DifferencesModel

        self.view = GraphView()
        self.view.spot_chosen.connect(self._tell)
        self.view.failed.connect(self.failed)
        self.model = DifferencesModel(self)
        self.list = FlatTable(self.model, "Differences")
        header = self.list.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        width = self.fontMetrics().averageCharWidth()
        for column, characters in ((1, 26), (2, 24)):
            header.resizeSection(column, characters * width)
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.clicked.connect(self._choose)
        self.split.addWidget(self.view)
        self.split.addWidget(self.list)
        self.split.setStretchFactor(0, 1)
        self.split.setSizes([600, 190])
        self._thread = DiffThread(self)
        self._thread.diff_made.connect(self._show)

    def _show(self, before: Graph, after: Graph, diff: "GraphDiff") -> None:
        from ..models.differences import difference_rows, difference_words

        self.words.setText(difference_words(before, after, diff))
        self.model.show(difference_rows(before, after, diff))
        self.view.show_difference(before, after, diff)
        self.shown.emit()

    def _choose(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self.view.choose_node(row.node)

    def _tell(self, spot: Spot) -> None:
        number = next((number for number, row in enumerate(self.model.rows) if row.node == spot.node), -1)
        if number >= 0:
            self.list.setCurrentIndex(self.model.index(number, 0))
        self.spot_chosen.emit(spot)
