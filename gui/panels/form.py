"""Form fields that follow the recipe: shown values never look like edits, and an edit is told once."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)


class Choice(QComboBox):
    """One of several values, each with its text; the wheel changes it only while it has the focus."""

    def __init__(self, choices: list[tuple[str, str]], name: str, changed: Callable[[str], None]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.show_choices(choices)
        self.activated.connect(lambda: changed(self.currentData()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        _only_with_focus(self, event, super().wheelEvent)

    def show_choices(self, choices: list[tuple[str, str]]) -> None:
        if [(self.itemData(n), self.itemText(n)) for n in range(self.count())] == choices:
            return
        with QSignalBlocker(self):
            chosen = self.currentData()
            self.clear()
            for value, text in choices:
                self.addItem(text, value)
            self.show_value(chosen or "")

    def show_value(self, value: str) -> None:
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(value))


class Switch(QCheckBox):
    def __init__(self, text: str, changed: Callable[[bool], None]) -> None:
        super().__init__(text)
        self.clicked.connect(changed)

    def show_value(self, value: bool) -> None:
        self.setChecked(value)


class TextField(QLineEdit):
    """Told when Enter is pressed or the field is left; Escape brings the former text back."""

    def __init__(self, name: str, changed: Callable[[str], None], hint: str = "") -> None:
        super().__init__()
        self._shown = ""
        self._changed = changed
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.editingFinished.connect(self._tell)

    def show_value(self, text: str) -> None:
        self._shown = text
        if self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.setText(self._shown)
            return
        super().keyPressEvent(event)

    def _tell(self) -> None:
        if self.text() != self._shown:
            self._shown = self.text()
            self._changed(self.text())


class LinesField(QPlainTextEdit):
    """A text of several lines; told when the field is left, and with Ctrl+Enter."""

    def __init__(self, name: str, changed: Callable[[str], None], hint: str = "") -> None:
        super().__init__()
        self._shown = ""
        self._changed = changed
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * 4 + 14)

    def show_value(self, text: str) -> None:
        self._shown = text
        if self.toPlainText() != text:
            self.setPlainText(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._tell()
            return
        super().keyPressEvent(event)

    def _tell(self) -> None:
        if self.toPlainText() != self._shown:
            self._shown = self.toPlainText()
            self._changed(self.toPlainText())


class Number(QSpinBox):
    """A whole number; the wheel changes it only while it has the focus."""

    def __init__(self, name: str, lowest: int, highest: int, changed: Callable[[int], None]) -> None:
        super().__init__()
        self.setRange(lowest, highest)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(changed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        _only_with_focus(self, event, super().wheelEvent)

    def show_value(self, value: int) -> None:
        with QSignalBlocker(self):
            self.setValue(value)


def form(parent: QWidget) -> QFormLayout:
    """Return a form layout that grows sideways and never cuts its labels."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(10, 8, 10, 8)
    layout.setHorizontalSpacing(10)
    layout.setVerticalSpacing(7)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    return layout


class FormArea(QScrollArea):
    """A frame in which a form can be higher than its place, but never wider: no field is cut at its side."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        width = self._content.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())


def _only_with_focus(field: QWidget, event: QWheelEvent, take: Callable[[QWheelEvent], None]) -> None:
    """Let the wheel scroll the form on which a field happens to come below the mouse, rather than edit the recipe."""
    if field.hasFocus():
        take(event)
    else:
        event.ignore()
