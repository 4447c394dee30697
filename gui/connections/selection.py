"""What is selected is selected everywhere: tree, source, graphs, problems."""

from PySide6.QtCore import QObject

from ...core.diagnostics import Diagnostic
from ..main_window import MainWindow
from ..state.happenings import NoticeShown, SelectionMoved
from ..state.session import Notice, Selection
from ..workspace import Workspace
from .store import Store


class Selecting(QObject):
    def __init__(self, store: Store, window: MainWindow, workspace: Workspace) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._choosers = workspace.choosers
        workspace.tree.module_chosen.connect(self._select_module)
        workspace.tree.entry_wished.connect(self._choose_entry)
        workspace.problems.problem_chosen.connect(self._select_problem)
        workspace.source.line_chosen.connect(self._select_line)
        workspace.banner.place_wished.connect(self.show_place)
        for graph in (workspace.torchscript_tab.graph, workspace.coreml_tab.graph):
            graph.module_chosen.connect(self._select_module)
            graph.line_chosen.connect(self._select_line_of_node)
            graph.failed.connect(lambda text: store.tell(NoticeShown(notice=Notice(tone="warning", text=text))))

    def show_place(self, file: str, line: int) -> None:
        """Show a line of a file, whatever is selected."""
        self._window.reveal_dock("source")
        self._select(Selection(file=file, line=line))

    def _select(self, selection: Selection) -> None:
        self._store.tell(SelectionMoved(selection=selection))

    def _choose_entry(self, name: str) -> None:
        self._choosers.choose_entry(name)
        document = self._store.session.document
        if document is not None and document.entry is not None:
            self._select(Selection(file=document.recipe.model.file, line=document.entry.line))

    def _select_module(self, path: str) -> None:
        rows = self._store.session.inspection.modules if self._store.session.inspection else ()
        row = next((row for row in rows if row.path == path), None)
        if row is not None:
            self._select(Selection(module=path, file=row.file, line=row.line))

    def _select_problem(self, problem: Diagnostic) -> None:
        self._select(Selection(module=problem.module, file=problem.file, line=problem.line))

    def _select_line(self, file: str, line: int) -> None:
        session = self._store.session
        rows = session.inspection.modules if session.inspection else ()
        above = [row for row in rows if row.file == file and row.line and row.line <= line]
        # The class whose definition is the last one above the line; of its instances the first.
        found = max(above, key=lambda row: (row.line or 0, -rows.index(row)), default=None)
        self._select(Selection(module=found.path if found else session.selection.module, file=file, line=line))

    def _select_line_of_node(self, file: str, line: int) -> None:
        # The node has told its module already, which knows better than the line.
        self._select(Selection(module=self._store.session.selection.module, file=file, line=line))
