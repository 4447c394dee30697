"""Compares graphs beside the window's thread."""

import contextlib
import threading

from PySide6.QtCore import QObject, Qt, Signal, Slot

from ...core.graph.diff import GraphDiff, diff_graphs
from ...core.graph.model import Graph


class DiffThread(QObject):
    """Takes pairs of graphs, gives ``diff_made(before, after, diff)``; only the newest pair is answered."""

    diff_made = Signal(object, object, object)
    _done = Signal(int, object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest = 0
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    def wish(self, before: Graph, after: Graph) -> None:
        """Ask for the differences of two graphs."""
        self._newest += 1
        arguments = (self._newest, before, after)
        threading.Thread(target=self._compute, args=arguments, name="graph differences", daemon=True).start()

    def _compute(self, number: int, before: Graph, after: Graph) -> None:
        diff = diff_graphs(before, after)
        with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
            self._done.emit(number, before, after, diff)

    @Slot(int, object, object, object)
    def _on_done(self, number: int, before: Graph, after: Graph, diff: GraphDiff) -> None:
        if number == self._newest:
            self.diff_made.emit(before, after, diff)
