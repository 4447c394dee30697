"""Computes layouts beside the window's thread; a newer wish ends an older one."""

import contextlib
import threading

from PySide6.QtCore import QObject, Qt, Signal, Slot

from ...core.errors import Cancelled
from ...core.graph.chapters import in_chapters
from ...core.graph.layout import Layout, LayoutEngine
from ...core.graph.model import Graph


class LayoutThread(QObject):
    """Takes wishes, gives ``layout_made(engine, layout)``; only the newest wish is answered.

    The engine's graph has boxes of its own where the one that was asked for has too much side by side.

    Each wish has a short-lived thread of its own, so that there is none to be ended when the window closes.
    """

    layout_made = Signal(object, object)
    _done = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest = 0
        self._one_at_a_time = threading.Lock()
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    def wish(self, graph: Graph, engine: LayoutEngine | None, opened: frozenset[int] | None) -> None:
        """Ask for a layout; a wish that waits or runs is dropped.

        Args:
            engine: of this graph, if it was laid out before.
            opened: groups that are open; None for the first view.
        """
        self._newest += 1
        arguments = (self._newest, graph, engine, opened)
        threading.Thread(target=self._compute, args=arguments, name="graph layout", daemon=True).start()

    def drop(self) -> None:
        """Forget the wish that waits or runs."""
        self._newest += 1

    def _compute(self, number: int, graph: Graph, engine: LayoutEngine | None, opened: frozenset[int] | None) -> None:
        def checkpoint() -> None:
            if number != self._newest:
                raise Cancelled

        # The engine keeps what it computed; two threads at once would trip over each other there.
        with self._one_at_a_time, contextlib.suppress(Cancelled):
            checkpoint()
            # Even reading the groups of a large graph takes longer than a frame of the window.
            engine = engine or LayoutEngine(in_chapters(graph))
            engine.checkpoint = checkpoint
            layout = engine.layout(engine.first_view() if opened is None else opened)
            with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
                self._done.emit(number, engine, layout)

    @Slot(int, object, object)
    def _on_done(self, number: int, engine: LayoutEngine, layout: Layout) -> None:
        if number == self._newest:
            self.layout_made.emit(engine, layout)
