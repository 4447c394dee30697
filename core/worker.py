"""The worker process: one per open model; runs the engine's stages, and whatever the user's code does.

Its standard output belongs to the user's code; the protocol has a pipe of its own.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import NoReturn

from . import jobs, wire
from .errors import Cancelled, ExportDeskError, Failure, unexpected
from .events import AnyEvent, JobCancelled, JobFailed, JobFinished, TerminalEvent
from .job_context import JobContext
from .requests import Cancel, Export, JobRequest
from .staged_files import discard
from .worker_process import connection_from


class Worker:
    """Takes requests from the pipe on one thread and runs them, one at a time, on the main thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._queue: SimpleQueue[JobRequest] = SimpleQueue()
        self._contexts: dict[int, JobContext] = {}
        self._cancelled: set[int] = set()
        self._state = threading.Lock()
        self._exporting: Export | None = None

    def run(self) -> NoReturn:
        """Serve until the client is gone."""
        threading.Thread(target=self._take_requests, name="requests", daemon=True).start()
        self._emit(jobs.start_up())
        while True:
            request = self._queue.get()
            # What was imported is not looked at again and again by the collector, during a job that makes much.
            gc.freeze()
            self._emit(self._run(request))
            gc.unfreeze()
            gc.collect()
            if self._queue.empty():
                jobs.warm_up()

    def _take_requests(self) -> None:
        try:
            while True:
                match request := wire.receive_request(self._connection):
                    case Cancel(job=job):
                        with self._state:
                            self._cancelled.add(job)
                            if context := self._contexts.get(job):
                                context.cancel()
                    case _:
                        self._queue.put(request)
        except (EOFError, OSError):
            # The client is gone: nobody is left to tell, and a job that hangs must not outlive its window.
            self._end()

    def _end(self) -> NoReturn:
        if self._exporting is not None:
            discard(Path(self._exporting.out), Path(self._exporting.staging))
        if sys.platform != "win32" and os.getpgrp() == os.getpid():
            # What the model's code started (data loaders, pools) would stay behind, with nobody to wait for it.
            os.killpg(0, signal.SIGKILL)
        os._exit(0)

    def _run(self, request: JobRequest) -> TerminalEvent:
        context = JobContext(request.job, self._emit)
        self._exporting = request if isinstance(request, Export) else None
        with self._state:
            if request.job in self._cancelled:
                return JobCancelled(job=request.job)
            self._contexts[request.job] = context
        try:
            return JobFinished(job=request.job, result=jobs.run(request, context), memory_bytes=_resident_bytes())
        except Cancelled:
            return JobCancelled(job=request.job)
        except ExportDeskError as error:
            return JobFailed(job=request.job, failure=error.failure)
        except MemoryError as error:
            return JobFailed(job=request.job, failure=_out_of_memory(error))
        except BaseException as error:
            # SystemExit and KeyboardInterrupt of user code included: the worker must outlive what a model does.
            return JobFailed(job=request.job, failure=unexpected(error))
        finally:
            with self._state:
                del self._contexts[request.job]
            with contextlib.suppress(Exception):
                sys.stdout.flush()

    def _emit(self, event: AnyEvent) -> None:
        try:
            with self._sending:
                wire.send(self._connection, event)
        except OSError:
            # The client is gone, or user code closed our pipe; the client learns of both from the process's end.
            self._end()


def _out_of_memory(error: MemoryError) -> Failure:
    return Failure(
        code="engine.out-of-memory",
        message="There was not enough memory for this step.",
        hint="Use smaller input shapes, fewer probes, or a machine with more memory.",
        details="".join(traceback.format_exception(error)),
    )


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if sys.platform == "win32":
            return 0
        import resource

        # On macOS the unit is bytes, and the largest value so far is the nearest thing to be had.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> NoReturn:
    """Run a worker on the pipe whose number is the last argument."""
    connection = connection_from(sys.argv[-1])
    del sys.argv[1:]
    Worker(connection).run()


if __name__ == "__main__":
    main()
