"""Makes a window's parts and connects them: wishes become edits and jobs, events a new session, which panels show."""

from pathlib import Path

from PySide6.QtCore import QObject

from .actions import EDITING
from .connections.advising import Advising
from .connections.checking import Checking
from .connections.comparing import Comparing
from .connections.compressing import Compressing
from .connections.documents import Documents
from .connections.edits import Edits
from .connections.files import Files
from .connections.history import History
from .connections.jobs import Jobs
from .connections.looks import Looks
from .connections.measuring import Measuring
from .connections.selection import Selecting
from .connections.store import Store
from .connections.trust import Trust
from .desktop import Desktop
from .engine_thread import EngineThread
from .main_window import MainWindow
from .settings import Settings
from .state.happenings import MessageClosed
from .state.session import Session
from .workspace import Workspace


class Workbench(QObject):
    """One window's work. Each subject is a class of ``connections``; what follows from an event is decided there."""

    def __init__(self, window: MainWindow, settings: Settings, desktop: Desktop, engine: EngineThread) -> None:
        super().__init__(window)
        window.build()
        window.show_icons()
        self.window = window
        self._desktop = desktop
        self.workspace = Workspace(window)
        self.store = Store(self)
        # Panels show an event before anything else follows from it.
        self.store.changed.connect(self._show)
        self._trust = Trust(self.store, settings, desktop)
        self._edits = Edits(self.store, window, self.workspace, desktop)
        self._jobs = Jobs(self.store, window, self.workspace, engine, self._edits, self._trust)
        self._checking = Checking(self.store, window, self.workspace, self._edits)
        self._advising = Advising(self.store, window, self.workspace, self._edits, self._jobs, self._trust)
        self._compressing = Compressing(self.store, window, self.workspace, self._edits, self._jobs)
        self._comparing = Comparing(self.store, window, self.workspace, self._jobs, desktop)
        self._measuring = Measuring(self.store, window, self.workspace, self._jobs, self._trust)
        self._selecting = Selecting(self.store, window, self.workspace)
        self._documents = Documents(
            self.store,
            window,
            settings,
            desktop,
            engine,
            self._edits,
            self._jobs,
            self._trust,
            self._selecting,
            self.workspace.banner,
        )
        self._history = History(self.store, settings)
        self._files = Files(self.store, window, settings, self.open)
        self._looks = Looks(window, self.workspace, settings)
        self._connect()
        self.undo = self._edits.undo
        self.edit = self._edits.edit
        self.export = self._jobs.export
        self.advise = self._advising.advise
        self.try_compression = self._compressing.try_them
        self.export_ended = self._jobs.export_ended
        self.tell = self.store.tell
        self.quit = self._documents.quit
        self._show(None)

    @property
    def session(self) -> Session:
        return self.store.session

    def open(self, path: Path) -> None:
        """Open a model file or a recipe, after asking about unsaved edits."""
        self._documents.open(path)

    def _connect(self) -> None:
        space = self.workspace
        space.banner.closed.connect(lambda: self.store.tell(MessageClosed()))
        space.banner.reveal_wished.connect(self._reveal)
        space.coreml_tab.reveal_wished.connect(self._reveal)
        space.history.reveal_wished.connect(self._reveal)
        self.window.action_table.connect_slots(
            reveal=self._reveal_export, shortcuts=self._tell_shortcuts, about=self._tell_about
        )

    def _show(self, before: Session | None) -> None:
        now = self.session
        self.workspace.show_state(before, now)
        document = now.document
        self.window.show_workspace(document is not None)
        self.window.setWindowTitle(f"{document.title}[*] — ExportDesk" if document else "ExportDesk")
        self.window.setWindowModified(bool(document and document.is_modified))
        actions = self.window.action_table
        actions["trust"].setEnabled(document is not None and now.trust != "given")
        actions["reveal"].setEnabled(now.exported is not None)
        for name in EDITING:
            actions[name].setEnabled(now.is_editable)
        for mark in ("trace", "script", "inherit"):
            has_marks = document is not None and document.recipe.lane == "torchscript"
            actions[f"mark_{mark}"].setEnabled(now.inspection is not None and has_marks)
        missing = document.missing_arguments if document else ()
        known = before.document.missing_arguments if before and before.document else None
        if missing and missing != known:
            self.window.reveal_dock("setup")

    def _reveal(self, path: str) -> None:
        if path:
            self._desktop.reveal(Path(path))

    def _reveal_export(self) -> None:
        if self.session.exported is not None:
            self._reveal(self.session.exported.result.out)

    def _tell_about(self) -> None:
        from .about import about_text

        self._desktop.tell("About ExportDesk", about_text(self.session.worker))

    def _tell_shortcuts(self) -> None:
        from .about import shortcuts_text

        self._desktop.tell("Keyboard Shortcuts", shortcuts_text(self.window))
