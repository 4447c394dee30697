"""What if: choices of compression tried on the exported bundle, and one of them put into the recipe."""

from PySide6.QtCore import QObject

from ...core.requests import TryCompression
from ..main_window import MainWindow
from ..state.what_if import with_compression
from ..workspace import Workspace
from .edits import Edits
from .jobs import Jobs
from .store import Store


class Compressing(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace, edits: Edits, jobs: Jobs) -> None:
        super().__init__(store)
        self._store, self._window, self._tab = store, window, workspace.what_if_tab
        self._edits, self._jobs = edits, jobs
        store.changed.connect(self._show_actions)
        self._tab.choice_changed.connect(self._show_actions)
        window.action_table.connect_slots(try_compression=self.try_them, use_compression=self._use)
        self._show_actions()

    def try_them(self) -> None:
        """Compress what was exported last in the usual ways, in the background."""
        session = self._store.session
        if not session.can_try_compression or session.exported is None or session.document is None:
            return
        self._window.tabs.setCurrentWidget(self._tab)
        request = TryCompression(job=self._jobs.next_job(), bundle=session.exported.result.out)
        self._jobs.submit("compress", request, session.document.recipe)

    def _use(self) -> None:
        trial = self._tab.chosen
        if trial is not None:
            self._edits.edit("Use a compression", lambda recipe: with_compression(recipe, trial))

    def _show_actions(self) -> None:
        session, actions = self._store.session, self._window.action_table
        actions["try_compression"].setEnabled(session.can_try_compression)
        chosen, document = self._tab.chosen, session.document
        is_new = chosen is not None and document is not None and chosen.steps != document.recipe.coreml.compression
        actions["use_compression"].setEnabled(session.what_if is not None and session.is_editable and is_new)
