"""Editors of table cells that offer a list to choose from."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex
Choice = tuple[str, str]
"""Value of the model's edit role, and the text that is shown."""


class ChoiceDelegate(QStyledItemDelegate):
    """A combobox over a cell; it opens its list at once, and a choice is taken at once."""

    opened = Signal(QComboBox)

    def __init__(
        self, choices: Callable[[Index], list[Choice]], *, is_editable: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._choices = choices
        self._is_editable = is_editable

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QComboBox(parent)
        box.setEditable(self._is_editable)
        for value, text in self._choices(index):
            box.addItem(text, value)
        box.activated.connect(lambda: self._take(box))
        QTimer.singleShot(0, box, box.showPopup)
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        value = str(index.data(2) or "")  # Qt.ItemDataRole.EditRole
        place = editor.findData(value)
        if place >= 0:
            editor.setCurrentIndex(place)
        elif self._is_editable:
            editor.setEditText(value)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QComboBox)
        is_typed = self._is_editable and editor.currentText() != editor.itemText(editor.currentIndex())
        model.setData(index, editor.currentText() if is_typed else editor.currentData())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        area = option.rect
        area.setWidth(max(area.width(), editor.sizeHint().width()))
        editor.setGeometry(area)

    def _take(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)
