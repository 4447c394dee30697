"""The thread that owns the worker's client: wishes go in from the window, events come out as a Qt signal."""

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from ..core.events import AnyEvent, ProgressMade, TextPrinted
from ..core.requests import JobRequest

DRAIN_LIMIT_S = 0.008
"""How long one turn of the window's event loop may spend on events of the worker."""


class Client(Protocol):
    """What the thread needs of ``core.client.WorkerClient``."""

    def start(self) -> None: ...
    def submit(self, request: JobRequest) -> None: ...
    def cancel(self, job: int) -> None: ...
    def close(self) -> None: ...


MakeClient = Callable[[Callable[[AnyEvent], None]], Client]


def worker_client(on_event: Callable[[AnyEvent], None]) -> Client:
    """Make the real client; imported here because it is not needed for the first picture of the window."""
    from ..core.client import WorkerClient

    return WorkerClient(on_event)


class EngineThread(QThread):
    """Starts and talks to the worker away from the window's thread, so that neither a full pipe nor a slow start of
    the process can stop the window.

    ``event_arrived`` is emitted in the thread this object lives in, in order. A flood of printed text or of progress
    is joined before it reaches the window.
    """

    event_arrived = Signal(object)
    _woken = Signal()

    def __init__(self, make_client: MakeClient = worker_client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_client = make_client
        self._wishes: queue.SimpleQueue[Callable[[Client], None] | None] = queue.SimpleQueue()
        self._jobs = itertools.count(1)
        self._events: deque[AnyEvent] = deque()
        self._lock = threading.Lock()
        self._is_waking = False
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def next_job(self) -> int:
        return next(self._jobs)

    def warm_up(self) -> None:
        """Start the worker now, before it is needed."""
        self._wishes.put(lambda client: client.start())

    def submit(self, request: JobRequest) -> None:
        self._wishes.put(lambda client: client.submit(request))

    def cancel(self, job: int) -> None:
        self._wishes.put(lambda client: client.cancel(job))

    def close(self) -> None:
        """End the worker and this thread; no event comes after this returns."""
        self._wishes.put(None)
        if self.isRunning():
            self.wait()
        with self._lock:
            self._events.clear()

    def run(self) -> None:
        client = self._make_client(self._take)
        try:
            while (wish := self._wishes.get()) is not None:
                wish(client)
        finally:
            client.close()

    def _take(self, event: AnyEvent) -> None:
        """Called on the client's reading threads."""
        with self._lock:
            last = self._events[-1] if self._events else None
            match last, event:
                case TextPrinted(), TextPrinted():
                    self._events[-1] = TextPrinted(text=last.text + event.text)
                case ProgressMade(), ProgressMade() if last.job == event.job:
                    self._events[-1] = event
                case _:
                    self._events.append(event)
            if self._is_waking:
                return
            self._is_waking = True
        self._woken.emit()

    def _drain(self) -> None:
        deadline = time.perf_counter() + DRAIN_LIMIT_S
        while True:
            with self._lock:
                if not self._events:
                    self._is_waking = False
                    return
                event = self._events.popleft()
            self.event_arrived.emit(event)
            if time.perf_counter() > deadline:
                # The window's own events get a turn before the rest.
                QTimer.singleShot(0, self._drain)
                return
