"""Two graphs beside each other: which two, on whose wish."""

from pathlib import Path

from PySide6.QtCore import QObject

from ...core.graph.model import Graph
from ...core.requests import ReadGraph
from ..desktop import Desktop
from ..main_window import MainWindow
from ..state.happenings import ComparisonMade, NoticeShown
from ..state.session import Comparison, Notice, Session
from ..workspace import Workspace
from .jobs import Jobs
from .store import Store

_FILTER = "Compiled models (*.pt *.pth *.ts);;All files (*)"


class Comparing(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace, jobs: Jobs, desktop: Desktop) -> None:
        super().__init__(store)
        self._store, self._window, self._workspace = store, window, workspace
        self._jobs, self._desktop = jobs, desktop
        actions = window.action_table
        actions["compare_kinds"].triggered.connect(self._compare_kinds)
        actions["compare_earlier"].triggered.connect(self._compare_earlier)
        actions["compare_file"].triggered.connect(self._ask_for_file)
        workspace.comparison_tab.failed.connect(self._tell)
        store.changed.connect(self._follow)
        self._show_actions(store.session)

    def _compare_kinds(self) -> None:
        torchscript, coreml = self._graph("torchscript"), self._graph("coreml")
        if torchscript is not None and coreml is not None:
            self._show(torchscript, coreml)

    def _compare_earlier(self) -> None:
        earlier = self._store.session.earlier_graphs
        for kind in ("torchscript", "coreml"):
            now = self._graph(kind)
            if kind in earlier and now is not None:
                self._show(earlier[kind], now)
                return

    def _ask_for_file(self) -> None:
        document = self._store.session.document
        folder = document.out if document is not None else Path.cwd()
        self._desktop.choose_file("Compare with", folder, _FILTER, self._compare_file)

    def _compare_file(self, other: Path) -> None:
        session = self._store.session
        shown, document = session.shown, session.document
        if shown is None or document is None:
            return
        if session.job is not None:
            self._tell("Wait until what runs has ended, then compare again.")
            return
        kind = "coreml" if other.suffix in (".mlpackage", ".mlmodel") else "torchscript"
        file = shown.files.get(kind) or next(iter(shown.files.values()), None)
        if file is not None:
            request = ReadGraph(job=self._jobs.next_job(), file=file, other=str(other.absolute()))
            self._jobs.submit("compare", request, document.recipe, file)

    def _graph(self, kind: str) -> Graph | None:
        shown = self._store.session.shown
        return shown.graphs.get(shown.files.get(kind, "")) if shown is not None else None

    def _show(self, before: Graph, after: Graph) -> None:
        self._store.tell(ComparisonMade(comparison=Comparison(before=before, after=after)))
        self._window.tabs.setCurrentWidget(self._workspace.comparison_tab)

    def _tell(self, text: str) -> None:
        self._store.tell(NoticeShown(notice=Notice(tone="warning", text=text)))

    def _follow(self, before: Session) -> None:
        now = self._store.session
        if now.comparison is not None and now.comparison is not before.comparison:
            self._window.tabs.setCurrentWidget(self._workspace.comparison_tab)
        self._show_actions(now)

    def _show_actions(self, now: Session) -> None:
        actions = self._window.action_table
        both = self._graph("torchscript") is not None and self._graph("coreml") is not None
        actions["compare_kinds"].setEnabled(both)
        known = [kind for kind in now.earlier_graphs if self._graph(kind) is not None]
        actions["compare_earlier"].setEnabled(bool(known))
        actions["compare_file"].setEnabled(now.shown is not None and bool(now.shown.files))
