"""Times of operations: the file on show is run in the background, and its graph coloured by what each one took."""

from PySide6.QtCore import QObject

from ...core.requests import MeasureTimes
from ..main_window import MainWindow
from ..panels.graph_page import GraphPage
from ..state.session import Session
from ..workspace import Workspace
from .jobs import Jobs
from .store import Store
from .trust import Trust


class Measuring(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace, jobs: Jobs, trust: Trust) -> None:
        super().__init__(store)
        self._store, self._window, self._workspace = store, window, workspace
        self._jobs, self._trust = jobs, trust
        window.action_table.connect_slots(measure_times=self.measure)
        window.tabs.currentChanged.connect(self._show_actions)
        store.changed.connect(self._follow)
        self._show_actions()

    def measure(self) -> None:
        """Run the file of the graph in sight, and time each of its operations."""
        session, file = self._store.session, self._file
        document = session.document
        if not file or document is None or session.job is not None:
            return
        if session.exported is None and not document.is_package and session.trust != "given":
            self._trust.ask()
            return
        # A file that an export has just made says itself what it takes; of another, the inputs table says it.
        inputs = () if session.exported is not None else document.recipe.inputs
        request = MeasureTimes(job=self._jobs.next_job(), file=file, inputs=inputs, folder=str(document.folder))
        self._jobs.submit("times", request, document.recipe, file)

    @property
    def _file(self) -> str:
        """The file whose graph is in sight, or the compiled one; empty where there is none that can be timed."""
        shown = self._store.session.shown
        if shown is None:
            return ""
        package = shown.files.get("coreml", "")
        is_package = self._window.tabs.currentWidget() is self._workspace.coreml_tab
        file = package if is_package or not shown.compiled else shown.compiled
        return file if file in shown.graphs and not file.endswith(".pt2") else ""

    def _follow(self, before: Session) -> None:
        now = self._store.session
        if now.shown is not None and before.shown is not None and now.shown.times is not before.shown.times:
            file = next((file for file in now.shown.times if file not in before.shown.times), "")
            self._page(file or self._file).colour_by("time")
        self._show_actions()

    def _page(self, file: str) -> GraphPage:
        shown = self._store.session.shown
        is_package = shown is not None and file == shown.files.get("coreml")
        tab = self._workspace.coreml_tab if is_package else self._workspace.torchscript_tab
        tab.tabs.setCurrentWidget(tab.graph)
        return tab.graph

    def _show_actions(self) -> None:
        can = bool(self._file) and self._store.session.job is None
        self._window.action_table["measure_times"].setEnabled(can)
