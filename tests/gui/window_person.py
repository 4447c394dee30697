"""A person at the window: finds controls by what they are called, and uses mouse and keys only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from exportdesk.core import jobs
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.events import AnyEvent, JobFailed, JobFinished, WorkerStarted
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Recipe
from exportdesk.core.requests import JobRequest
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.inputs_table import DTYPE, FILL, NAME, SHAPE
from exportdesk.gui.panels.form_view import FormView
from exportdesk.gui.state.happenings import OutChosen
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

LIMIT_MS = 60_000
Left = Qt.MouseButton.LeftButton


class InProcessClient:
    """Does jobs for real, in the engine's thread instead of a process of their own: no seconds of start-up."""

    def __init__(self, on_event: Callable[[AnyEvent], None]) -> None:
        self._on_event = on_event

    def start(self) -> None:
        self._on_event(WorkerStarted(pid=1, python="3", torch="2", coremltools="9.0", devices=("cpu",)))

    def submit(self, request: JobRequest) -> None:
        try:
            result = jobs.run(request, JobContext(request.job, self._on_event))
        except ExportDeskError as error:
            self._on_event(JobFailed(job=request.job, failure=error.failure))
        else:
            self._on_event(JobFinished(job=request.job, result=result))

    def cancel(self, job: int) -> None:
        return

    def close(self) -> None:
        return


class Person:
    """Wishes by mouse and keyboard; each method waits until the window has taken them."""

    def __init__(self, bench: Workbench, qtbot: QtBot) -> None:
        self.bench = bench
        self.space = bench.workspace
        self._qtbot = qtbot
        bench.window.activateWindow()

    @property
    def recipe(self) -> Recipe:
        assert self.bench.session.document is not None
        return self.bench.session.document.recipe

    def open(self, path: Path) -> None:
        """Open a file and wait until the model is loaded, or could not be."""
        self.bench.open(path)
        self.wait()

    def wait(self) -> None:
        def is_quiet() -> bool:
            session = self.bench.session
            return session.job is None and not session.needs_inspection and session.trust == "given"

        self._qtbot.waitUntil(is_quiet, timeout=LIMIT_MS)

    def press(self, action: str) -> None:
        """Choose an action of a menu."""
        found = self.bench.window.action_table[action]
        assert found.isEnabled(), action
        found.trigger()

    def choose(self, box: QComboBox, value: str) -> None:
        """Choose an entry of a list that drops down, by its value or its text."""
        box.setFocus()
        box.showPopup()
        place = box.findData(value)
        place = box.findText(value) if place < 0 else place
        assert place >= 0, (value, [box.itemText(n) for n in range(box.count())])
        box.view().setCurrentIndex(box.model().index(place, 0))
        self._qtbot.keyClick(box.view(), Qt.Key.Key_Return)

    def choose_entry(self, name: str) -> None:
        if self.recipe.model.entry != name:
            self.choose(self.space.choosers.entry, name)
            self.wait()

    # Forms.

    def fill(self, dock: str, key: str, value: Any) -> None:
        """Put a value into a field of a form; its section is unfolded first where it is folded."""
        widget = self.field(dock, key)
        if isinstance(value, bool):
            if widget.isChecked() != value:  # type: ignore[attr-defined]
                self._qtbot.mouseClick(widget, Left, pos=QPoint(8, widget.height() // 2))
            return
        if isinstance(widget, QComboBox):
            self.choose(widget, value)
            return
        self.type(widget, str(value))

    def click(self, dock: str, key: str) -> None:
        """Press a button of a form."""
        form = self._form(dock)
        section = next(name for name, box in form.sections.items() if box.isAncestorOf(form.buttons[key]))
        self._unfold(form, section)
        self._qtbot.mouseClick(form.buttons[key], Left)

    def field(self, dock: str, key: str) -> QWidget:
        """Return a field that is to be seen."""
        form = self._form(dock)
        section = next(name for name, box in form.sections.items() if box.isAncestorOf(form.rows[key].input))
        self._unfold(form, section)
        return form.input(key)

    def problem(self, dock: str, key: str) -> str:
        return self._form(dock).rows[key].problem

    def _form(self, dock: str) -> FormView:
        self.bench.window.reveal_dock(dock)
        panel = {"coreml": self.space.coreml_options, "setup": self.space.setup, "checks": self.space.run_options}
        return panel[dock].form

    def _unfold(self, form: FormView, section: str) -> None:
        box = form.sections[section]
        if not box.is_open:
            self._qtbot.mouseClick(box.heading, Left)
        self._qtbot.waitUntil(box.body.isVisible)

    def type(self, widget: QWidget, text: str) -> None:
        """Replace the text of a field, and leave it as Enter does."""
        widget.setFocus()
        widget.selectAll()  # type: ignore[attr-defined]
        self._qtbot.keyClick(widget, Qt.Key.Key_Delete)
        assert isinstance(widget, QLineEdit | QPlainTextEdit | QAbstractSpinBox)
        for number, line in enumerate(text.split("\n")):
            if number:
                self._qtbot.keyClick(widget, Qt.Key.Key_Return)
            self._qtbot.keyClicks(widget, line)
        is_long = isinstance(widget, QPlainTextEdit)
        modifier = Qt.KeyboardModifier.ControlModifier if is_long else Qt.KeyboardModifier.NoModifier
        self._qtbot.keyClick(widget, Qt.Key.Key_Return, modifier)

    # Inputs.

    def inputs(self, *rows: tuple[str, str] | tuple[str, str, str]) -> None:
        """Make the table say what ``rows`` say: name, shape or value, and type where it is not float32."""
        while self.recipe.inputs:
            self.space.inputs.table.selectRow(0)
            self.press("remove_input")
        for row in rows:
            self.add_input(*row)

    def add_input(self, name: str, shape: str, dtype: str = "float32", fill: str = "") -> None:
        self.press("add_input")
        table = self.space.inputs.table
        place = table.rows.rowCount() - 1
        self.cell(table, place, NAME, name)
        place = next(
            n for n, row in enumerate(table.rows.rows) if row.name.replace("[]", "[0]") == _shown(name, n, table)
        )
        if dtype != "float32":
            self.cell(table, place, DTYPE, dtype)
        self.cell(table, place, SHAPE, shape)
        if fill:
            self.cell(table, place, FILL, fill)

    def add_check(self, name: str, shape: str) -> None:
        self.press("add_check")
        table = self.space.inputs.checks
        place = table.rows.rowCount() - 1
        self.cell(table, place, NAME, name)
        self.cell(table, place, SHAPE, shape)

    def cell(self, table: QTableView, row: int, column: int, text: str) -> None:
        """Edit a cell: type into it, or choose from its list."""
        index = table.model().index(row, column)
        if str(index.data()) == text:
            return
        table.setCurrentIndex(index)
        table.edit(index)
        boxes = _visible(table, QComboBox)
        if not boxes:
            (editor,) = _visible(table, QLineEdit)
            assert isinstance(editor, QLineEdit)
            editor.selectAll()
            self._qtbot.keyClick(editor, Qt.Key.Key_Delete)
            self._qtbot.keyClicks(editor, text)
            self._qtbot.keyClick(editor, Qt.Key.Key_Return)
            self._qtbot.waitUntil(lambda: not _visible(table, QLineEdit))
            return
        (box,) = boxes
        assert isinstance(box, QComboBox)
        if max(box.findData(text), box.findText(text)) >= 0:
            self.choose(box, text)
        else:
            line = box.lineEdit()
            line.selectAll()
            self._qtbot.keyClicks(line, text)
            self._qtbot.keyClick(line, Qt.Key.Key_Return)
        self._qtbot.waitUntil(lambda: not _visible(table, QComboBox))

    # Modules.

    def mark(self, path: str, mark: str) -> None:
        """Choose a module in the tree and press the key of a mark."""
        tree = self.space.tree.tree
        index = self._module(QModelIndex(), path)
        self.bench.window.activateWindow()
        tree.setFocus()
        self._qtbot.waitUntil(tree.hasFocus)
        tree.setCurrentIndex(index)
        self._qtbot.keyClick(tree, {"trace": Qt.Key.Key_T, "script": Qt.Key.Key_S, "": Qt.Key.Key_I}[mark])

    def _module(self, parent: QModelIndex, path: str) -> QModelIndex:
        from exportdesk.gui.models.module_tree import PATH_ROLE

        model = self.space.tree.tree.model()
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            if index.data(PATH_ROLE) == path:
                return index
            found = self._module(index, path)
            if found.isValid():
                return found
        return QModelIndex()

    # Exports.

    def export(self, out: Path) -> None:
        """Press Export and wait for its end."""
        self.bench.tell(OutChosen(out=out))
        button = self.bench.window.toolbar.widgetForAction(self.bench.window.action_table["export"])
        with self._qtbot.waitSignal(self.bench.export_ended, timeout=LIMIT_MS):
            self._qtbot.mouseClick(button, Left)
        self.wait()


def _visible(table: QTableView, kind: type[QWidget]) -> list[QWidget]:
    """Return editors of cells; one that was closed stays a child for a while."""
    return [editor for editor in table.viewport().findChildren(kind) if editor.isVisible()]


def _shown(name: str, place: int, table: Any) -> str:
    """Return how the table shows a path that was typed: members of a list have numbers."""
    if "[]" not in name:
        return name
    shown = [row.name for row in table.rows.rows]
    start = name.partition("[]")[0]
    return next(found for found in reversed(shown) if found.startswith(start))
