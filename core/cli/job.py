"""One job run for the command line: a client, a progress bar on a terminal, Ctrl-C and a time limit."""

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ..client import WorkerClient
from ..errors import ExportDeskError, Failure, fail
from ..events import (
    AnyEvent,
    JobCancelled,
    JobFailed,
    JobFinished,
    ProgressMade,
    StageStarted,
    TextPrinted,
)
from ..requests import JobRequest
from ..results import AnyResult


def run_job(make_request: Callable[[int], JobRequest], *, timeout_s: float | None = None) -> AnyResult:
    """Run one job in a worker and return its result.

    What the user's code prints goes to standard error. Ctrl-C and a termination cancel the job.

    Raises:
        ExportDeskError: what failed; ``cancelled``; ``worker.timeout``; ``worker.died``.
    """
    events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    with WorkerClient(events.put) as client, _progress_display() as show:
        job = client.next_job()
        client.submit(make_request(job))
        with _signals(lambda: client.cancel(job)):
            return _wait(events, deadline, timeout_s, client, show)


def _wait(
    events: "queue.SimpleQueue[AnyEvent]",
    deadline: float | None,
    timeout_s: float | None,
    client: WorkerClient,
    show: Callable[[AnyEvent], None],
) -> AnyResult:
    stage: str | None = None
    while True:
        # A short wait, since on Windows a blocked get is not interrupted by Ctrl-C.
        left = 0.2 if deadline is None else min(0.2, deadline - time.monotonic())
        if left <= 0:
            client.kill()
            fail(
                "worker.timeout",
                f"The job did not end within {timeout_s:g} seconds and was stopped.",
                stage=stage,
                hint="Give --timeout more seconds, or look for an endless loop in the model file.",
            )
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            continue
        match event:
            case JobFinished(result=result):
                return result
            case JobFailed(failure=failure):
                raise ExportDeskError(failure)
            case JobCancelled():
                raise ExportDeskError(Failure(code="cancelled", message="Cancelled; nothing was changed."))
            case _:
                stage = event.stage if isinstance(event, StageStarted) else stage
                show(event)


@contextmanager
def _signals(cancel: Callable[[], None]) -> Iterator[None]:
    def on_signal(number: int, frame: FrameType | None) -> None:
        # The handler runs between two instructions of the main thread, which may hold the client's lock.
        threading.Thread(target=cancel, daemon=True).start()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[signal.Signals, Any] = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _progress_display() -> Iterator[Callable[[AnyEvent], None]]:
    if not sys.stderr.isatty():
        yield _print_text
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None, detail="")

        def show(event: AnyEvent) -> None:
            match event:
                case StageStarted(stage=stage):
                    bar.update(task, description=stage, total=None, completed=0, detail="")
                case ProgressMade(fraction=fraction, detail=detail):
                    if fraction is None:
                        bar.update(task, total=None, detail=detail[:60])
                    else:
                        bar.update(task, total=1.0, completed=fraction, detail=detail[:60])
                case TextPrinted(text=text):
                    bar.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
                case _:
                    pass

        yield show


def _print_text(event: AnyEvent) -> None:
    if isinstance(event, TextPrinted):
        sys.stderr.write(event.text)
        sys.stderr.flush()
