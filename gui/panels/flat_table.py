"""A table of rows, as all our panels have it."""

from collections.abc import Callable, Sequence
from typing import cast

from PySide6.QtCore import QAbstractItemModel, QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QToolTip, QTreeView, QWidget

_LEAST_CHARACTERS = 34
"""Room of the stretched column, below which columns that can be spared go."""

_MEASURED_ROWS = 60
"""Rows beyond those in sight that columns are fitted to; all of thousands would take seconds."""


class FlatTable(QTreeView):
    """Its rows are copied as text, and a text that is cut off is told whole in a tip."""

    def __init__(
        self, model: QAbstractItemModel, name: str, *, stretched: int | None = None, spared: Sequence[int] = ()
    ) -> None:
        """Make a table.

        Args:
            model: its rows.
            name: for those who cannot see it.
            stretched: the column that gets the room that is left; the last one, if None.
            spared: columns that are hidden, the first first, where the stretched one would get too little.
        """
        super().__init__()
        self._stretched, self._spared = stretched, spared
        self.setModel(model)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setAccessibleName(name)
        self.header().setResizeContentsPrecision(_MEASURED_ROWS)
        if stretched is not None:
            self.header().setStretchLastSection(False)
            self.header().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        add_copying(self, "&Copy", self.row_text)
        model.modelReset.connect(self._spare)

    def row_text(self) -> str:
        """Return the selected rows, a line each, the cells between tabs."""
        rows = self.selectionModel().selectedRows()
        columns = [column for column in range(self.model().columnCount()) if not self.isColumnHidden(column)]
        return "\n".join("\t".join(str(row.siblingAtColumn(c).data() or "") for c in columns) for row in rows)

    def _spare(self) -> None:
        if self._stretched is None or not self._spared:
            return
        widths = {column: self._width_of(column) for column in range(self.model().columnCount())}
        widths[self._stretched] = _LEAST_CHARACTERS * self.fontMetrics().averageCharWidth()
        hidden: list[int] = []
        for column in self._spared:
            if sum(width for other, width in widths.items() if other not in hidden) > self.viewport().width():
                hidden.append(column)
        for column in self._spared:
            self.setColumnHidden(column, column in hidden)

    def _width_of(self, column: int) -> int:
        header = self.header()
        if header.sectionResizeMode(column) == QHeaderView.ResizeMode.ResizeToContents or self.isColumnHidden(column):
            return max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
        return header.sectionSize(column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spare()

    def viewportEvent(self, event: QEvent) -> bool:
        return tell_cut_text(self, event) or bool(super().viewportEvent(event))


def tell_cut_text(view: QAbstractItemView, event: QEvent) -> bool:
    """Show the tip of a cell with all of its text, where that is cut off; return whether it was."""
    if event.type() != QEvent.Type.ToolTip:
        return False
    asked = cast(QHelpEvent, event)
    index = view.indexAt(asked.pos())
    if not index.isValid() or view.sizeHintForIndex(index).width() <= view.visualRect(index).width():
        return False
    texts = dict.fromkeys((index.data(), index.data(Qt.ItemDataRole.ToolTipRole)))
    QToolTip.showText(asked.globalPos(), "\n".join(str(text) for text in texts if text), view)
    return True


def add_copying(view: QWidget, title: str, text: Callable[[], str]) -> None:
    """Let the key for copying, and a menu of the right button, put a text of a view into the clipboard."""

    def copy() -> None:
        if copied := text():
            QGuiApplication.clipboard().setText(copied)

    action = QAction(title, view)
    action.setShortcut(QKeySequence.StandardKey.Copy)
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.triggered.connect(copy)
    view.addAction(action)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
