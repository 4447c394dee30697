"""One try of compiling a model with some marks, whose findings are kept apart until it is known to be right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ..diagnostics import Diagnostic
from ..errors import ExportDeskError, Failure
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Mark, TorchScript
from ..torchscript.compile import CompiledEntry, MethodExample, compile_entry
from .probes import Probe
from .recorder import Leak, Limits, Recorder, RunStopped
from .state import seed_all, state_kept


class QuietContext(JobContext):
    """Keeps diagnostics to itself; a cancel of the job reaches it."""

    def __init__(self, outer: JobContext) -> None:
        super().__init__(outer.job)
        self._outer = outer

    def checkpoint(self) -> None:
        self._outer.checkpoint()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What compiling gave: a module or function, or the failure."""

    marks: dict[str, Mark]
    compiled: CompiledEntry | None = None
    failure: Failure | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    leaks: tuple[Leak, ...] = field(default=())
    """What left torch while it was compiled: sizes too, which are tensors in a trace."""


def attempt(
    loaded: LoadedModel,
    marks: dict[str, Mark],
    probes: Sequence[Probe],
    options: TorchScript,
    context: JobContext,
    paths: dict[int, str],
) -> Attempt:
    """Compile with some marks; the model and its state are afterwards as before."""
    quiet = QuietContext(context)
    calls = {method: [p.arguments for p in probes if p.method == method] for method in loaded.methods}
    if loaded.module is None:
        calls = {"forward": [probe.arguments for probe in probes]}
    examples = {method: MethodExample(calls=rows) for method, rows in calls.items()}
    recorder = Recorder(paths, limits=Limits(seconds=120.0), checkpoint=context.checkpoint)
    once = msgspec.structs.replace(options, check_trace=False)
    try:
        with state_kept(loaded.module):
            seed_all(probes[0].seed)
            with recorder:
                compiled = compile_entry(loaded, marks, examples, once, quiet)
    except RunStopped as stopped:
        failure = Failure(code="advise.too-long", message=f"Compiling was stopped: {stopped}.")
        return Attempt(marks=marks, failure=failure, diagnostics=quiet.diagnostics, leaks=tuple(recorder.leaks))
    except ExportDeskError as error:
        return Attempt(marks=marks, failure=error.failure, diagnostics=quiet.diagnostics, leaks=tuple(recorder.leaks))
    return Attempt(marks=marks, compiled=compiled, diagnostics=quiet.diagnostics, leaks=tuple(recorder.leaks))
