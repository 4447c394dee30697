"""A drawn graph in its place: made when there is one to draw, and linked with the other views."""

import importlib
import threading
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ...core.graph.model import Graph
from ...core.graph.times import seconds_text, times_remark
from ..canvas.spot import Spot
from ..state.graph_values import (
    ERROR_REMARK,
    MEMORY_REMARK,
    bytes_of_nodes,
    errors_of_nodes,
    modes_of_nodes,
    times_of,
)
from ..state.session import Selection, Session
from ..state.sizes import size_text
from .empty_state import EmptyState

if TYPE_CHECKING:
    from ..canvas.view import GraphView


def load_drawing_code() -> None:
    """Import what draws graphs, beside the window's thread: it takes a good part of a second when the disk is cold."""
    name = f"{__package__}".rpartition(".")[0] + ".canvas.view"
    threading.Thread(target=importlib.import_module, args=(name,), name="drawing code", daemon=True).start()


class GraphPage(QWidget):
    spot_chosen = Signal(object)
    """A Spot: what was chosen here."""
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._graph: Graph | None = None
        self._selection = Selection()
        self._coloured: tuple[object, ...] = (None, None, None, None)
        self._is_telling = False
        self.is_drawn = False
        self._empty = EmptyState("No graph yet")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_graph(self, graph: Graph | None, remark: str) -> None:
        """Show a graph, or why there is none."""
        if graph is None:
            self._graph, self.is_drawn = None, False
            self._empty.say("No graph" if remark else "The graph is being read", remark)
            self._stack.setCurrentIndex(0)
        elif graph is not self._graph:
            self._graph, self.is_drawn = graph, False
            self.view().show_graph(graph)
            self._stack.setCurrentIndex(1)

    def show_selection(self, selection: Selection) -> None:
        """Choose the node of what is selected elsewhere; a choice made here is left as it is."""
        before, self._selection = self._selection, selection
        if self._graph is None or self._is_telling or selection == before:
            return
        view = self.view()
        is_line = bool(selection.file and selection.line and not selection.is_whole_module)
        if is_line and view.choose_line(
            selection.file or "", selection.line or 0, selection.module, selection.operation
        ):
            return
        if selection.module is not None:
            view.choose_module(selection.module)

    def show_colours(self, session: Session) -> None:
        """Offer what was measured, and how modules were compiled, as colours of the nodes."""
        graph = self._graph
        times = None if graph is None else times_of(session, graph)
        key = (graph, session.exported, session.inspection, times)
        if graph is None or all(one is other for one, other in zip(key, self._coloured, strict=True)):
            return
        self._coloured = key
        layers = session.exported.result.layers if session.exported is not None else ()
        view = self.view()
        errors, sizes = errors_of_nodes(graph, layers), bytes_of_nodes(graph)
        view.set_values("error", errors, "{:.2g} of the largest".format, ERROR_REMARK, adds_up=False)
        view.set_values("memory", sizes, lambda size: size_text(round(size)), MEMORY_REMARK, adds_up=True)
        seconds = {} if times is None else {node: time.seconds for node, time in times.times.items()}
        remark = "" if times is None else times_remark(times)
        view.set_values("time", seconds, seconds_text, remark, adds_up=True)
        view.set_labels("trace or script", modes_of_nodes(graph, session))

    def colour_by(self, name: str) -> None:
        """Choose what colours stand for, as if it had been chosen from the list."""
        self.view().colours.setCurrentText(f"Colour by {name}")

    def view(self) -> "GraphView":
        """Return the graph view; numpy and the drawing code are loaded by the first graph, not by the window."""
        if self._stack.count() == 1:
            from ..canvas.view import GraphView

            made = GraphView()
            made.spot_chosen.connect(self._tell)
            made.layout_shown.connect(self._note_drawn)
            made.failed.connect(self.failed)
            self._stack.addWidget(made)
        return cast("GraphView", self._stack.widget(1))

    def focus_search(self) -> bool:
        """Put the cursor into the search field, if there is a graph to search."""
        if self._graph is not None:
            self.view().focus_search()
        return self._graph is not None

    def _note_drawn(self) -> None:
        self.is_drawn = True

    def _tell(self, spot: Spot) -> None:
        self._is_telling = True
        self.spot_chosen.emit(spot)
        self._is_telling = False
