"""The client's side of the worker: starts it, passes requests and events, and speaks for it when it has died."""

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from . import wire
from .errors import Failure
from .events import (
    AnyEvent,
    JobCancelled,
    JobFailed,
    JobFinished,
    TextPrinted,
    WorkerStopped,
)
from .recipe.model import Recipe
from .requests import Cancel, Export, JobRequest
from .staged_files import discard
from .worker_process import take_worker_process

CANCEL_GRACE_S = 0.4
"""How long a cancelled job may take to end by itself before its process is killed; a cancel is promised in 1 s."""
_LAST_LINES = 20


class WorkerClient:
    """One worker process at a time, replaced when it dies.

    Each submitted job gets exactly one terminal event. ``on_event`` is called on threads of the client's own, one
    call at a time; it must return quickly. A worker is started on the first request, or earlier with :meth:`start`.
    """

    def __init__(self, on_event: Callable[[AnyEvent], None]) -> None:
        self._on_event = on_event
        self._jobs = itertools.count(1)
        self._state = threading.RLock()
        self._telling = threading.RLock()
        self._worker: _Worker | None = None
        self._requests: dict[int, JobRequest] = {}
        self._cancelled: set[int] = set()
        self._model: str | None = None
        self._is_closed = False

    def next_job(self) -> int:
        """Return a job number that was not used before."""
        return next(self._jobs)

    def start(self) -> None:
        """Start the worker now, so that it is warm when the first job comes."""
        with self._state:
            if self._worker is None and not self._is_closed:
                self._worker = _Worker(self._receive, self._tell, self._died)

    def submit(self, request: JobRequest) -> None:
        """Hand a job to the worker; jobs run one after the other.

        A worker serves one model file: for another, a new one takes its place, so that nothing a model did to its
        process (global switches, patched libraries, memory) reaches the next.
        """
        with self._state:
            model = _model_of(request)
            if model is not None and self._model not in (None, model) and not self._requests:
                worker, self._worker = self._worker, None
                if worker is not None:
                    worker.kill()
            self._model = model or self._model
            self._requests[request.job] = request
            self.start()
            if self._worker is not None:
                self._worker.send(request)

    def cancel(self, job: int) -> None:
        """End a job within a second: by itself if it can, else with its process."""
        with self._state:
            if job not in self._requests or self._worker is None:
                return
            self._cancelled.add(job)
            self._worker.send(Cancel(job=job))
            timer = threading.Timer(CANCEL_GRACE_S, self._kill_if_running, [job])
            timer.daemon = True
            timer.start()

    def kill(self) -> None:
        """Kill the worker at once; its jobs fail with ``worker.died``, or are cancelled if that was asked."""
        with self._state:
            worker = self._worker
        if worker is not None:
            worker.kill()

    def close(self) -> None:
        """End the worker and wait for it; nothing is told after this returns."""
        with self._state:
            self._is_closed = True
            worker, self._worker = self._worker, None
            requests, self._requests = dict(self._requests), {}
        if worker is not None:
            worker.stop()
        for request in requests.values():
            _clear_staging(request)

    def __enter__(self) -> "WorkerClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _tell(self, event: AnyEvent) -> None:
        with self._telling:
            if not self._is_closed:
                self._on_event(event)

    def _receive(self, event: AnyEvent) -> None:
        match event:
            case JobFinished() | JobFailed() | JobCancelled():
                with self._state:
                    was_asked = self._requests.pop(event.job, None) is not None
                    self._cancelled.discard(event.job)
                if was_asked:
                    self._tell(event)
            case _:
                self._tell(event)

    def _kill_if_running(self, job: int) -> None:
        with self._state:
            worker = self._worker if job in self._requests else None
        if worker is not None:
            worker.kill()

    def _died(self, worker: "_Worker", reason: str, last_lines: str) -> None:
        with self._state:
            if self._worker is not worker:
                return
            self._worker = None
            requests, self._requests = list(self._requests.values()), {}
            cancelled, self._cancelled = self._cancelled, set()
        for request in requests:
            _clear_staging(request)
            if request.job in cancelled:
                self._tell(JobCancelled(job=request.job))
            else:
                self._tell(JobFailed(job=request.job, failure=_death(reason, last_lines)))
        self._tell(WorkerStopped(reason=reason, is_expected=any(r.job in cancelled for r in requests)))


def _death(reason: str, last_lines: str) -> Failure:
    return Failure(
        code="worker.died",
        message=f"The process that ran the model ended: {reason}.",
        hint="The model's own code, or a library it uses, ended the process. The last lines it printed are in the "
        "details; nothing that was exported earlier has changed.",
        details=last_lines or "It printed nothing.",
    )


def _model_of(request: JobRequest) -> str | None:
    """Return the path of the model file whose code a job runs, or None for a job that runs none."""
    recipe: Recipe | None = getattr(request, "recipe", None)
    folder: str | None = getattr(request, "folder", None)
    return None if recipe is None or folder is None else os.path.join(folder, recipe.model.file)


def _clear_staging(request: JobRequest) -> None:
    if isinstance(request, Export):
        discard(Path(request.out), Path(request.staging))


class _Worker:
    """One process with its two threads: one reads events, one reads what it prints."""

    def __init__(
        self,
        receive: Callable[[AnyEvent], None],
        tell: Callable[[AnyEvent], None],
        died: "Callable[[_Worker, str, str], None]",
    ) -> None:
        self._receive, self._tell, self._died = receive, tell, died
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._sending = threading.Lock()
        self._started = take_worker_process()
        self._process, self._connection = self._started.process, self._started.connection
        self._printing = threading.Thread(target=self._read_output, name="worker output", daemon=True)
        self._reading = threading.Thread(target=self._read_events, name="worker events", daemon=True)
        self._printing.start()
        self._reading.start()

    def send(self, request: JobRequest | Cancel) -> None:
        # A worker that has died is noticed by the reading thread, which speaks for it.
        with self._sending, contextlib.suppress(OSError, ValueError):
            wire.send(self._connection, request)

    def kill(self) -> None:
        """Kill the process and all it has started."""
        self._started.kill()

    def stop(self) -> None:
        # Nothing in the worker is worth waiting for: files are put in their place before a job ends.
        self.kill()
        self._process.wait()
        if threading.current_thread() is not self._reading:
            self._reading.join(timeout=5)

    def _read_events(self) -> None:
        connection: Connection = self._connection
        try:
            while True:
                self._receive(wire.receive_event(connection))
        except (EOFError, OSError, ValueError):  # ValueError: a message that user code wrote into our pipe
            pass
        self.kill() if self._process.poll() is None and not self._ends_soon() else None
        self._process.wait()
        self.kill()
        self._printing.join(timeout=1)
        with self._sending:
            connection.close()
        self._started.remove_temporary_files()
        self._died(self, _reason(self._process.returncode), "\n".join(self._lines))

    def _ends_soon(self) -> bool:
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                return True
        return False

    def _read_output(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        # read1 gives what is there: a progress line without a newline is shown too.
        while chunk := stream.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader
            text = chunk.decode("utf-8", errors="replace")
            self._lines.extend(line[:500] for line in text.splitlines() if line.strip())
            self._tell(TextPrinted(text=text))
        stream.close()


def _reason(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        meaning = {
            "SIGKILL": "it was killed (the system does that when memory runs out)",
            "SIGSEGV": "it crashed (segmentation fault)",
            "SIGABRT": "it aborted",
        }.get(name, "it was ended from outside")
        return f"{meaning}, {name}"
    return f"it exited with code {code}" if code else "it exited"
