"""What the worker tells its client: facts in the past tense; each job has exactly one terminal event."""

import msgspec

from .diagnostics import Diagnostic
from .errors import Failure
from .results import AnyResult


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of the closed union ``AnyEvent``."""


class WorkerStarted(Event, frozen=True, kw_only=True):
    """The worker is ready; sent once, before any job."""

    pid: int
    python: str
    torch: str
    coremltools: str | None
    """None where coremltools is not installed (Windows)."""
    devices: tuple[str, ...]
    """What a model may be put on here: ``cpu``, ``cuda:0``, ``mps``."""


class StageStarted(Event, frozen=True, kw_only=True):
    job: int
    stage: str


class ProgressMade(Event, frozen=True, kw_only=True):
    """``fraction`` is of the stage, 0 to 1, or None where the end is not known."""

    job: int
    stage: str
    fraction: float | None
    detail: str = ""


class DiagnosticFound(Event, frozen=True, kw_only=True):
    job: int
    diagnostic: Diagnostic


class JobFinished(Event, frozen=True, kw_only=True):
    job: int
    result: AnyResult
    memory_bytes: int = 0
    """Resident memory of the worker when the job ended."""


class JobFailed(Event, frozen=True, kw_only=True):
    job: int
    failure: Failure


class JobCancelled(Event, frozen=True, kw_only=True):
    job: int


class TextPrinted(Event, frozen=True, kw_only=True):
    """Something that the user's code, torch or coremltools printed; made by the client from the log pipe."""

    text: str


class WorkerStopped(Event, frozen=True, kw_only=True):
    """The worker is gone; made by the client, after the terminal event of the job that ran, if one did."""

    reason: str
    is_expected: bool


TerminalEvent = JobFinished | JobFailed | JobCancelled
AnyEvent = (
    WorkerStarted
    | StageStarted
    | ProgressMade
    | DiagnosticFound
    | JobFinished
    | JobFailed
    | JobCancelled
    | TextPrinted
    | WorkerStopped
)
