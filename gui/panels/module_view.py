"""The tree of the model's modules: its columns, its keys, what is open."""

from collections.abc import Iterator

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from ..models.module_tree import MARK, NAME, PARAMETERS, PATH_ROLE, PROBLEMS, TYPE, ModuleTreeModel
from .choices import ChoiceDelegate
from .flat_table import add_copying

_CHOICES = [("", "inherit"), ("trace", "trace"), ("script", "script")]
_NAME_CHARACTERS = (17, 40)
"""The column of names is at least, and at most, as wide as so many characters of a usual width."""

_TYPE_CHARACTERS, _WEIGHTS_CHARACTERS = 12, 8
_MEASURED_ROWS = 60
"""Rows beyond those in sight whose names are given room; all of a large tree would take too long."""


class ModuleView(QTreeView):
    """Enter and F2 open the mark's list whatever column the cursor is in; a click on a mark opens it too."""

    def __init__(self, model: ModuleTreeModel) -> None:
        super().__init__()
        self._model = model
        self._open_paths: list[str] | None = None
        self.setModel(model)
        self.setAccessibleName("Modules of the model")
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setIndentation(16)
        self.setItemDelegateForColumn(MARK, ChoiceDelegate(lambda index: _CHOICES, parent=self))
        add_copying(self, "&Copy Path", self._paths)
        self._set_columns()
        self.clicked.connect(self._edit_mark)
        self._fit_soon = QTimer(self)
        self._fit_soon.setSingleShot(True)
        self._fit_soon.timeout.connect(self._fit_names)
        for signal in (self.expanded, self.collapsed, model.modelReset):
            signal.connect(self._fit_soon.start)

    def _set_columns(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        width = self.fontMetrics().averageCharWidth()
        # No column asks its cells for their size: that of thousands of rows would be asked for with each change.
        for column, characters in (
            (NAME, _NAME_CHARACTERS[0]),
            (MARK, 20),
            (TYPE, _TYPE_CHARACTERS),
            (PARAMETERS, _WEIGHTS_CHARACTERS),
            (PROBLEMS, 4),
        ):
            header.resizeSection(column, width * characters + 10)
        header.setSectionResizeMode(TYPE, QHeaderView.ResizeMode.Stretch)

    def show_only(self, text: str) -> None:
        """Filter the tree; without a text, what was open before the first letter is open again."""
        if text and self._open_paths is None:
            self._open_paths = list(self._expanded(QModelIndex()))
        self._model.show_only(text)
        if text:
            self.expandAll()
            return
        for path in self._open_paths or ():
            self.expand(self._model.index_of(path))
        self._open_paths = None

    def selected_modules(self) -> tuple[str, ...]:
        """Return the paths of the modules that a mark would be for, in the order of the tree."""
        chosen = self.selectionModel().selectedRows(NAME)
        return self._model.marked_by(sorted(chosen, key=lambda index: index.internalId()))

    def _paths(self) -> str:
        chosen = sorted(self.selectionModel().selectedRows(NAME), key=lambda index: index.internalId())
        return "\n".join(str(index.data(PATH_ROLE)) or '""' for index in chosen)

    def _expanded(self, parent: QModelIndex) -> Iterator[str]:
        for row in range(self._model.rowCount(parent)):
            index = self._model.index(row, NAME, parent)
            if self.isExpanded(index):
                yield str(index.data(PATH_ROLE))
                yield from self._expanded(index)

    def _fit_names(self) -> None:
        """Make room for the names that are to be seen, which stand further right the deeper they are."""
        width = self.fontMetrics().averageCharWidth()
        least, most = (characters * width + 10 for characters in _NAME_CHARACTERS)
        self.header().resizeSection(NAME, min(max(self.sizeHintForColumn(NAME), least), most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where there is little room the type says more than the count of weights.
        header = self.header()
        kept = sum(header.sectionSize(column) for column in (NAME, MARK, PROBLEMS))
        needed = kept + (_TYPE_CHARACTERS + _WEIGHTS_CHARACTERS) * self.fontMetrics().averageCharWidth()
        self.setColumnHidden(PARAMETERS, self.viewport().width() < needed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.edit(self.currentIndex().siblingAtColumn(MARK))
            return
        super().keyPressEvent(event)

    def _edit_mark(self, index: QModelIndex) -> None:
        is_plain = len(self.selectionModel().selectedRows()) == 1
        if is_plain and index.column() == MARK and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
