"""What a job is given to tell of its progress and to learn that it was cancelled: one mechanism for both."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from .diagnostics import Diagnostic, without_repeats
from .errors import Cancelled, ExportDeskError
from .events import AnyEvent, DiagnosticFound, ProgressMade, StageStarted
from .recipe.model import Acknowledgement


class JobContext:
    """State of one running job.

    A job calls :meth:`checkpoint` (or :meth:`progress`, which does) often enough to end soon after a cancel; a job
    that does not is killed with its process.
    """

    def __init__(self, job: int = 0, emit: Callable[[AnyEvent], None] = lambda event: None) -> None:
        self.job = job
        self.seconds: dict[str, float] = {}
        self.acknowledged: tuple[Acknowledgement, ...] = ()
        """Findings that the recipe of the job accepts."""
        self._emit = emit
        self._cancelled = threading.Event()
        self._stage = ""
        self._diagnostics: list[Diagnostic] = []
        self._kept: list[str] = []

    @property
    def kept(self) -> tuple[str, ...]:
        """Stages that were not run, because an earlier job's results hold."""
        return tuple(self._kept)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All that was reported, in order, without repeats."""
        return tuple(self._diagnostics)

    def cancel(self) -> None:
        """Ask the job to end; callable from any thread."""
        self._cancelled.set()

    def checkpoint(self) -> None:
        """Raise Cancelled if the user has cancelled."""
        if self._cancelled.is_set():
            raise Cancelled

    def quiet(self) -> "JobContext":
        """Return a context for work on the side: it is cancelled with this one, and tells nobody anything."""
        side = JobContext(self.job)
        side._cancelled = self._cancelled
        return side

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run a block as a named stage: it is announced, timed, and named in failures that lack a stage."""
        self.checkpoint()
        outer, self._stage = self._stage, name
        self._emit(StageStarted(job=self.job, stage=name))
        started = time.perf_counter()
        try:
            yield
        except ExportDeskError as error:
            if error.failure.stage is None:
                error.failure = msgspec.structs.replace(error.failure, stage=name)
            raise
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
            self._stage = outer

    def progress(self, fraction: float | None, detail: str = "") -> None:
        """Tell how far the current stage is (0 to 1, None where unknown)."""
        self.checkpoint()
        self._emit(ProgressMade(job=self.job, stage=self._stage, fraction=fraction, detail=detail))

    def keep(self, stages: Sequence[str], diagnostics: Sequence[Diagnostic]) -> None:
        """Tell that stages are not run again, and what was found when they were."""
        self._kept += stages
        self.progress(1.0, "kept from the export before: nothing that it depends on has changed")
        for diagnostic in diagnostics:
            self.report(msgspec.structs.replace(diagnostic, is_acknowledged=False))

    def report(self, diagnostic: Diagnostic) -> None:
        """Pass on a diagnostic, once for each identity."""
        if (
            Acknowledgement(code=diagnostic.code, module=diagnostic.module, source=diagnostic.source)
            in self.acknowledged
        ):
            diagnostic = msgspec.structs.replace(diagnostic, is_acknowledged=True)
        before = len(self._diagnostics)
        self._diagnostics = without_repeats([*self._diagnostics, diagnostic])
        if len(self._diagnostics) > before:
            self._emit(DiagnosticFound(job=self.job, diagnostic=diagnostic))
