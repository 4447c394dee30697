"""What is selected is selected everywhere: tree, source, graphs, problems."""

from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject

from ...core.diagnostics import Diagnostic
from ..canvas.spot import Spot, is_same_file
from ..main_window import MainWindow
from ..panels.graph_page import GraphPage
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
        self._connect_graph(workspace.torchscript_tab.graph, "torchscript")
        self._connect_graph(workspace.coreml_tab.graph, "coreml")

    def _connect_graph(self, graph: GraphPage, kind: Literal["torchscript", "coreml"]) -> None:
        graph.spot_chosen.connect(partial(self._select_spot, kind))
        graph.failed.connect(lambda text: self._store.tell(NoticeShown(notice=Notice(tone="warning", text=text))))

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
            self._select(Selection(module=path, file=row.file, line=row.line, is_whole_module=True))

    def _select_problem(self, problem: Diagnostic) -> None:
        self._select(Selection(module=problem.module, file=problem.file, line=problem.line))

    def _select_line(self, file: str, line: int) -> None:
        session = self._store.session
        rows = session.inspection.modules if session.inspection else ()
        above = [row for row in rows if row.file == file and row.line and row.line <= line]
        # The class whose definition is the last one above the line; of its instances the first.
        found = max(above, key=lambda row: (row.line or 0, -rows.index(row)), default=None)
        self._select(Selection(module=found.path if found else session.selection.module, file=file, line=line))

    def _select_spot(self, kind: Literal["torchscript", "coreml"], spot: Spot) -> None:
        rows = self._store.session.inspection.modules if self._store.session.inspection else ()
        row = next((row for row in rows if row.path == spot.module), None)
        file, line = (self._known_file(spot.file), spot.line) if spot.file else (None, None)
        if file is None and row is not None:
            file, line = row.file, row.line
        self._select(
            Selection(
                module=spot.module,
                file=file,
                line=line,
                node=spot.node or None,
                graph=kind if spot.node else None,
                operation=spot.operation,
                is_whole_module=not spot.node and spot.module is not None,
            )
        )

    def _known_file(self, name: str) -> str:
        """Return where a file is on this machine: a package names files without their folders."""
        session = self._store.session
        document, inspection = session.document, session.inspection
        known = [row.file for row in inspection.modules if row.file] if inspection else []
        if document is not None:
            known.append(str(document.model_file))
        if Path(name).is_absolute():
            return name
        return next((file for file in known if is_same_file(file, name)), name)
