"""Edits of the recipe: each a step of the one undo stack."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPlainTextEdit

from ...core.errors import ExportDeskError, Failure
from ...core.recipe.model import Recipe
from ..commands import ReplaceRecipe
from ..desktop import Desktop
from ..main_window import MainWindow
from ..panels.edits import Edit
from ..state.edits import relative_text
from ..state.happenings import OpenFailed, RecipeReplaced
from ..state.input_rows import wanted_inputs, with_added_check, with_added_input, without_rows
from ..state.recipe_values import with_value
from ..state.words import PACKAGES, WEIGHT_FILES
from ..workspace import Workspace
from .store import Store


@runtime_checkable
class Refusing(Protocol):
    """A panel that says where it is typed why something was not taken."""

    def show_refusal(self, failure: Failure) -> None: ...


class Edits(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace, desktop: Desktop) -> None:
        super().__init__(store)
        self.undo = QUndoStack(self)
        self._store = store
        self._window = window
        self._workspace = workspace
        self._desktop = desktop
        self._connect()
        self._show_undo()

    def _connect(self) -> None:
        for panel in self._workspace.editing_panels():
            panel.edit_wished.connect(partial(self._edit_from, panel))
        for asking in (self._workspace.setup, self._workspace.coreml_options, self._workspace.inputs):
            asking.file_wished.connect(self._choose_file)
        for signal in (self.undo.canUndoChanged, self.undo.canRedoChanged, self.undo.indexChanged):
            signal.connect(self._show_undo)
        self._window.action_table.connect_slots(
            undo=self.undo.undo,
            redo=self.undo.redo,
            add_input=self._add_input,
            add_check=self._add_check,
            remove_input=self._remove_inputs,
            choose_weights=self._choose_weights,
        )

    def edit(self, name: str, edit: Edit, merge_key: str = "") -> None:
        """Do an edit as one undoable step.

        Raises:
            ExportDeskError: what was typed cannot be; nothing has changed.
        """
        document = self._store.session.document
        if document is not None and (after := edit(document.recipe)) != document.recipe:
            self.push(name, document.recipe, after, merge_key)

    def push(self, name: str, before: Recipe, after: Recipe, merge_key: str = "") -> None:
        """Replace the recipe as one undoable step."""

        def show(recipe: Recipe) -> None:
            self._store.tell(RecipeReplaced(recipe=recipe))

        self.undo.push(ReplaceRecipe(name, before, after, show, merge_key))

    def _edit_from(self, panel: QObject, name: str, edit: object, merge_key: str) -> None:
        try:
            self.edit(name, cast(Edit, edit), merge_key)
        except ExportDeskError as error:
            self._workspace.show_edited(self._store.session)
            if isinstance(panel, Refusing):
                panel.show_refusal(error.failure)
            else:
                self._store.tell(OpenFailed(failure=error.failure))

    def commit(self) -> None:
        """Take what is being typed, as leaving its field would."""
        typed = self._window.focusWidget()
        if isinstance(typed, QLineEdit | QPlainTextEdit | QAbstractSpinBox):
            typed.clearFocus()
            typed.setFocus()

    def _choose_file(self, title: str, name_filter: str, chosen: object) -> None:
        document = self._store.session.document
        if document is None:
            return
        take = cast("Callable[[Path], None]", chosen)
        if name_filter == PACKAGES:
            self._desktop.choose_folder(title, document.model_file.parent, take)  # a package is a folder
        else:
            self._desktop.choose_file(title, document.model_file.parent, name_filter, take)

    def _add_input(self) -> None:
        wanted = wanted_inputs(self._store.session)
        self.edit("Add an input", lambda recipe: with_added_input(recipe, wanted))
        self._window.reveal_dock("inputs")
        self._workspace.inputs.select_last()

    def _add_check(self) -> None:
        self._edit_from(self._workspace.inputs, "Add a check input", with_added_check, "")
        self._window.reveal_dock("inputs")
        self._workspace.inputs.select_last(is_check=True)

    def _remove_inputs(self) -> None:
        rows = self._workspace.inputs.selected()
        if rows:
            self.edit("Remove inputs" if len(rows) > 1 else "Remove an input", lambda r: without_rows(r, rows))

    def _choose_weights(self) -> None:
        document = self._store.session.document
        if document is None:
            return
        folder = document.folder

        def edit(text: str) -> None:
            self._edit_from(self, "Choose weights", lambda recipe: with_value(recipe, ("model", "weights"), text), "")

        self._desktop.choose_file(
            "Choose Weights",
            document.model_file.parent,
            WEIGHT_FILES,
            lambda file: edit(relative_text(file, folder)),
        )

    def _show_undo(self) -> None:
        actions = self._window.action_table
        for name, can, text in (
            ("undo", self.undo.canUndo(), self.undo.undoText()),
            ("redo", self.undo.canRedo(), self.undo.redoText()),
        ):
            actions[name].setEnabled(can)
            actions[name].setText(f"&{name.title()} {text}".strip())
