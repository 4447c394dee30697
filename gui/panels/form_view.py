"""A form made of data: sections that fold, a field for each value, what does not fit told below it."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import Failure
from .. import theme
from ..state.edits import relative_text
from ..state.fields import Action, Field, Section, Value
from ..state.wording import failure_text
from .form import Choice, FormArea, LinesField, Number, Switch, TextField, form
from .wrapped import WrappedLabel

_LONGEST_TITLE = 30
"""Characters of a section's heading, so that none makes the form wider than its fields."""

Input = Choice | LinesField | Number | Switch | TextField


class FormView(QWidget):
    """Shows sections; the widgets are made anew only where the fields are others, so that the focus stays."""

    edit_wished = Signal(str, object, str)
    file_wished = Signal(str, str, object)
    """Title and filter of a file dialog, and what takes the path that was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, FieldRow] = {}
        """Field key to its row."""
        self.sections: dict[str, SectionBox] = {}
        self.buttons: dict[str, QPushButton] = {}
        """Action key to its button."""
        self._shown: tuple[Section, ...] = ()
        self._folder = Path()
        self._folded: dict[str, bool] = {}
        self._last_edited = ""
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 8)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.help = WrappedLabel(is_quiet=True)
        self.help.setContentsMargins(10, 4, 10, 6)
        self.help.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._area = FormArea(self._content)
        layout.addWidget(self._area, 1)
        layout.addWidget(self.help)

    def show_sections(self, sections: tuple[Section, ...], folder: Path) -> None:
        """Show a form; paths that are chosen or dropped are written relative to ``folder``."""
        self._folder = folder
        if _structure(sections) != _structure(self._shown):
            self._rebuild(sections)
        self._shown = sections
        for section in sections:
            self.sections[section.key].show_section(section)
            for shown in section.fields:
                self.rows[shown.key].show_field(shown)

    def show_refusal(self, failure: Failure) -> None:
        """Say at the field that was edited last why its value was not taken."""
        row = self.rows.get(self._last_edited)
        if row is not None:
            row.show_problem(f"Not changed: {failure_text(failure)}")

    def input(self, key: str) -> Input:
        """Return the widget of a field."""
        return self.rows[key].input

    def _rebuild(self, sections: tuple[Section, ...]) -> None:
        focused = next((key for key, row in self.rows.items() if row.input.hasFocus()), "")
        for box in self.sections.values():
            self._column.removeWidget(box)
            box.setParent(None)
            box.deleteLater()
        self.rows, self.sections, self.buttons = {}, {}, {}
        for section in sections:
            box = SectionBox(section, is_open=self._folded.get(section.key, section.is_open))
            box.folded.connect(lambda is_open, key=section.key: self._folded.__setitem__(key, is_open))
            for shown in section.fields:
                row = FieldRow(shown, self._wish, self._wish_file)
                row.input.installEventFilter(self)
                box.add_row(row)
                self.rows[shown.key] = row
            for action in section.actions:
                self.buttons[action.key] = box.add_action(action, self._wish_action)
            self.sections[section.key] = box
            self._column.insertWidget(self._column.count() - 1, box)
        self._area.updateGeometry()
        self._order_focus()
        if focused in self.rows:
            self.rows[focused].input.setFocus()

    def _order_focus(self) -> None:
        """Let Tab go through the form from top to bottom, where the form stands in the window."""
        # Qt takes no notice of a widget without focus; the form's area has none of its own.
        self._area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        before: QWidget = self._area
        for box in self.sections.values():
            for control in box.controls():
                QWidget.setTabOrder(before, control)
                before = control
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _wish(self, shown: Field, value: Value) -> None:
        self._last_edited = shown.key
        merge_key = shown.key if shown.kind == "number" else ""
        name = f"Change {shown.label[:1].lower()}{shown.label[1:]}" if shown.kind != "switch" else shown.label
        # The edit is looked up when it is done: the recipe may have changed since the widget was made.
        self.edit_wished.emit(name, lambda recipe: shown.edit(recipe, value), merge_key)

    def _wish_action(self, action: Action) -> None:
        self._last_edited = ""
        self.edit_wished.emit(action.name, action.edit, "")

    def _wish_file(self, shown: Field) -> None:
        def chosen(file: Path) -> None:
            self._wish(shown, relative_text(file, self._folder))

        self.file_wished.emit(f"Choose {shown.label}", shown.files, chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.FocusIn:
                row = next((row for row in self.rows.values() if row.input is watched), None)
                self.help.setText(row.help if row else "")
                self.help.setVisible(bool(row and row.help))
            case QEvent.Type.DragEnter | QEvent.Type.Drop:
                return self._take_drop(watched, cast(QDropEvent, event))
        return False

    def _take_drop(self, watched: QObject, event: QDropEvent) -> bool:
        row = next((row for row in self.rows.values() if row.input is watched), None)
        urls = event.mimeData().urls()
        if row is None or not row.field.files or len(urls) != 1 or not urls[0].isLocalFile():
            return False
        event.acceptProposedAction()
        if not isinstance(event, QDragEnterEvent):
            self._wish(row.field, relative_text(Path(urls[0].toLocalFile()), self._folder))
        return True


class SectionBox(QWidget):
    """A heading that folds what is below it; Space and Enter fold it too."""

    folded = Signal(bool)
    """True when it was unfolded."""

    def __init__(self, section: Section, *, is_open: bool) -> None:
        super().__init__()
        self.heading = QToolButton()
        self._title(section.title)
        self.heading.setAutoRaise(True)
        self.heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        self.body = QWidget()
        self._form = form(self.body)
        self._note = WrappedLabel(is_quiet=True)
        self._problem = _Problem()
        self._form.addRow(self._note)
        self._form.addRow(self._problem)
        self._buttons: QHBoxLayout | None = None
        self._controls: list[QWidget] = [self.heading]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self.body)
        self.heading.setVisible(section.has_heading)
        self._fold(is_open or not section.has_heading)
        self.heading.clicked.connect(self._turn)

    def add_row(self, row: "FieldRow") -> None:
        row.add_to(self._form)
        self._controls += [row.input, *([row.file_button] if row.file_button else [])]

    def controls(self) -> tuple[QWidget, ...]:
        """Return what takes the focus, from top to bottom."""
        return tuple(self._controls)

    def add_action(self, action: Action, wish: Callable[[Action], None]) -> QPushButton:
        if self._buttons is None:
            self._buttons = QHBoxLayout()
            self._form.addRow(self._buttons)
            self._buttons.addStretch(1)
        button = QPushButton(action.label)
        button.setToolTip(action.help)
        button.setAccessibleName(f"{action.label}: {self.heading.text()}")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: wish(action))
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        self._controls.append(button)
        return button

    def _title(self, title: str) -> None:
        """Show the heading, a long one (of an input with a long name) without its middle."""
        half = _LONGEST_TITLE // 2
        self.heading.setText(title if len(title) <= _LONGEST_TITLE else f"{title[:half]}…{title[-half:]}")
        self.heading.setToolTip(title)
        self.heading.setAccessibleName(title)

    def show_section(self, section: Section) -> None:
        self._title(section.title)
        self._note.setText(section.note)
        self._form.setRowVisible(self._note, bool(section.note))
        self._problem.setText(section.problem)
        self._form.setRowVisible(self._problem, bool(section.problem))

    @property
    def problem(self) -> str:
        return self._problem.text()

    def _turn(self) -> None:
        self._fold(not self.is_open)
        self.folded.emit(self.is_open)

    def _fold(self, is_open: bool) -> None:
        self.is_open = is_open
        self.heading.setAccessibleDescription("unfolded" if is_open else "folded")
        self.body.setVisible(is_open)
        self.heading.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)


class FieldRow:
    """A field in a form: its label, its widget, a button for files, and what does not fit."""

    def __init__(self, field: Field, wish: Callable[[Field, Value], None], wish_file: Callable[[Field], None]) -> None:
        self.field = field
        self.help = field.help
        self.input = _input(field, lambda value: wish(self.field, value))
        self.input.setToolTip(field.help)
        self.input.setAccessibleDescription(field.help)
        self._problem = _Problem()
        self._form: QFormLayout | None = None
        self._place = QWidget()
        row = QHBoxLayout(self._place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.input, 1)
        if field.files:
            self.input.setAcceptDrops(True)
            button = QToolButton()
            button.setIcon(theme.icon("open"))
            button.setToolTip(f"Choose a file: {field.label}")
            button.setAccessibleName(f"Choose a file: {field.label}")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda: wish_file(self.field))
            row.addWidget(button)
        self.file_button = button if field.files else None

    def add_to(self, layout: QFormLayout) -> None:
        self._form = layout
        if self.field.kind == "switch":
            layout.addRow(self._place)
        else:
            label = QLabel(self.field.label)
            label.setBuddy(self.input)
            label.setToolTip(self.field.help)
            layout.addRow(label, self._place)
        layout.addRow(self._problem)
        layout.setRowVisible(self._problem, False)

    def show_field(self, field: Field) -> None:
        self.field = field
        if isinstance(self.input, Choice):
            self.input.show_choices(list(field.choices))
        self.input.show_value(field.value)  # type: ignore[arg-type]  # the kind of a field says of which type it is
        self.input.setEnabled(field.is_enabled)
        self.show_problem(field.problem)

    def show_problem(self, text: str) -> None:
        """Say below the field why its value does not fit; an empty text takes that away."""
        self._problem.setText(text)
        if self._form is not None:
            self._form.setRowVisible(self._problem, bool(text))

    @property
    def problem(self) -> str:
        return self._problem.text()


def _input(field: Field, changed: Callable[[Value], None]) -> Input:
    match field.kind:
        case "switch":
            made = Switch(field.label, changed)
            made.setAccessibleName(field.label)
            return made
        case "choice":
            return Choice(list(field.choices), field.label, changed)
        case "number":
            return Number(field.label, field.lowest, field.highest, changed)
        case "lines":
            return LinesField(field.label, changed, field.hint)
        case "text":
            return TextField(field.label, changed, field.hint)


class _Problem(WrappedLabel):
    """In the colour of errors, whatever the theme becomes."""

    def __init__(self) -> None:
        super().__init__()
        self._tint()

    def _tint(self) -> None:
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != theme.meaning("error"):
            palette.setColor(QPalette.ColorRole.WindowText, theme.meaning("error"))
            self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()


def _structure(sections: tuple[Section, ...]) -> object:
    """Return what widgets are made for; the rest of a section is shown by those that are there."""
    return [
        (
            section.key,
            [(field.key, field.kind, field.label) for field in section.fields],
            [(action.key, action.label) for action in section.actions],
        )
        for section in sections
    ]
