"""What follows from the checks: a layer that is chosen, and operations that are kept in float32 as one step."""

from PySide6.QtCore import QObject

from ..main_window import MainWindow
from ..state.happenings import SelectionMoved
from ..state.layers import with_suggestion
from ..state.session import Selection
from ..workspace import Workspace
from .edits import Edits
from .store import Store


class Checking(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace, edits: Edits) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._edits = edits
        store.changed.connect(self._show_actions)
        workspace.checks_tab.layers.place_chosen.connect(self._select)
        window.action_table.connect_slots(keep_float32=self._keep)
        self._show_actions()

    def _select(self, selection: Selection) -> None:
        self._store.tell(SelectionMoved(selection=selection))

    def _keep(self) -> None:
        suggestion = self._store.session.float32_suggestion
        if suggestion is not None:
            count = len(suggestion.operations)
            name = "Keep one operation in float32" if count == 1 else f"Keep {count} operations in float32"
            self._edits.edit(name, lambda recipe: with_suggestion(recipe, suggestion))

    def _show_actions(self) -> None:
        self._window.action_table["keep_float32"].setEnabled(self._store.session.float32_suggestion is not None)
