"""The worker's process and its pipe: started with the standard library alone, before slower imports if need be."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe

_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""The worker and the clean process compute side by side, each with a thread for every core: threads that wait for
others by spinning, which is OpenMP's default, make both ten times slower then."""


@dataclass(frozen=True)
class WorkerProcess:
    """A process that runs ``core.worker``, and our end of its pipe."""

    process: subprocess.Popen[bytes]
    connection: Connection
    temporary: str
    """The process keeps its temporary files (coremltools makes large ones) here, where they are found after a kill."""

    def kill(self) -> None:
        """Kill the process and all it has started."""
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.process.kill()

    def remove_temporary_files(self) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)


_early: WorkerProcess | None = None


def start_early() -> None:
    """Start a process now, for whoever takes it later: it imports torch while the caller goes on.

    One that nobody has taken ends with this process.
    """
    global _early
    _early = _start()
    atexit.register(_end_early)


def take_worker_process() -> WorkerProcess:
    """Return the process that was started early, once, or a new one."""
    global _early
    early, _early = _early, None
    return early or _start()


def connection_from(number: str) -> Connection:
    """Open, in the process itself, the end of the pipe whose number it was started with."""
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(int(number))
    os.set_inheritable(int(number), False)
    return Connection(int(number))


def _end_early() -> None:
    if _early is not None:
        _early.kill()
        _early.process.communicate()
        _early.connection.close()
        _early.remove_temporary_files()


def _start() -> WorkerProcess:
    temporary = tempfile.mkdtemp(prefix="exportdesk-")
    ours, theirs = Pipe(duplex=True)
    # On Windows the number is an inheritable handle, elsewhere a descriptor.
    number = theirs.fileno()
    inheritance: dict[str, object]
    if sys.platform == "win32":
        os.set_handle_inheritable(number, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})
        inheritance = {"startupinfo": startup, "close_fds": True}
    else:
        inheritance = {"pass_fds": [number], "start_new_session": True}
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]  # by system
            [sys.executable, "-P", "-m", "exportdesk.core.worker", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_PATIENT | os.environ | {"TMPDIR": temporary, "TEMP": temporary, "TMP": temporary},
            **inheritance,
        )
    finally:
        theirs.close()
    return WorkerProcess(process=process, connection=ours, temporary=temporary)
