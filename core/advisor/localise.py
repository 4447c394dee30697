"""Where a compiled model begins to differ: each submodule compiled alone, and run on the calls it had in the model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Mark, TorchScript
from .attempt import attempt
from .calls import Calls, SeenCall
from .probes import Probe
from .running import Outcome, Subject, outputs_differ, run_compiled
from .tree import is_below, members


@dataclass(kw_only=True)
class Localiser:
    """Compares submodules on the calls that some probes made of them; the example's come first."""

    subject: Subject
    probes: Sequence[Probe]
    options: TorchScript
    tolerance: float
    context: JobContext
    calls: Calls = field(default_factory=Calls)
    evidence: dict[str, str] = field(default_factory=dict)
    """What differed, by path of the culprits."""
    _known: dict[tuple[str, tuple[tuple[str, Mark], ...]], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for probe in self.probes:
            self.calls.add(self.subject, probe)

    def culprits(self, marks: dict[str, Mark], path: str = "") -> list[str]:
        """Return the deepest submodules at or below ``path`` that differ while none below them does."""
        root = self.subject.loaded.module
        assert root is not None
        found: list[str] = []
        for member in members(root, path):
            if self.differs(member, marks) is not None:
                found += self.culprits(marks, member)
        return found or [path]

    def differs(self, path: str, marks: dict[str, Mark]) -> str | None:
        """Say how a submodule, compiled alone with the marks that lie in it, differs on its calls; None if not."""
        inner = _marks_within(path, marks)
        key = (path, tuple(sorted(inner.items())))
        if key not in self._known:
            self._known[key] = self._compare(path, inner)
            if (reason := self._known[key]) is not None:
                self.evidence[path] = reason
        return self._known[key]

    def _compare(self, path: str, inner: dict[str, Mark]) -> str | None:
        root = self.subject.loaded.module
        assert root is not None
        calls = [call for rows in self.calls.by_path.get(path, []) for call in rows]
        if not calls:
            return None
        self.context.progress(None, f"comparing {path or 'the model'} alone")
        module = root.get_submodule(path)
        loaded = LoadedModel(file=self.subject.loaded.file, entry=path, module=module)
        probes = [Probe(description=path, arguments=call.arguments) for call in calls]
        # An outer mark decides how the submodule is compiled when it has none of its own.
        tried = attempt(loaded, inner, probes, self.options, self.context, self.subject.paths)
        if tried.compiled is None:
            return None
        for call, probe in zip(calls[1:], probes[1:], strict=True):
            outcome = run_compiled(tried.compiled, probe, generator=call.generator)
            if (reason := _differs(outcome, call, self.tolerance)) is not None:
                return reason
        return None


def _differs(outcome: Outcome, call: SeenCall, tolerance: float) -> str | None:
    if outcome.problem is not None:
        return f"it fails: {outcome.problem}"
    return outputs_differ(outcome.output, call.output, tolerance)


def _marks_within(path: str, marks: dict[str, Mark]) -> dict[str, Mark]:
    if not path:
        return dict(marks)
    inner: dict[str, Mark] = {
        mark_path[len(path) + 1 :]: mark for mark_path, mark in marks.items() if is_below(mark_path, path)
    }
    mode = next(
        (marks[above] for above in _upwards(path) if above in marks),
        "trace",
    )
    if mode == "script":
        inner[""] = "script"
    return inner


def _upwards(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)] + [""]
