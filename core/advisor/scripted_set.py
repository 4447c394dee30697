"""The smallest set of submodules to script: found by compiling, running on all probes, and correcting."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from ..errors import Failure
from ..job_context import JobContext
from ..model_file.module_tree import has_forward
from ..recipe.model import Mark, TorchScript
from ..torchscript.compile import CompiledEntry
from .attempt import Attempt, attempt
from .localise import Localiser
from .probes import Probe
from .remedies import explained, explained_run
from .running import Outcome, Subject, difference, run_compiled, run_in_a_row
from .tree import is_below, members, parent_of

_MOST_ROUNDS = 24
_CALLS_IN_A_ROW = 6
_NO_METHOD = re.compile(r"Module '(\w+)' has no attribute '(\w+)'")


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A probe on which what was compiled differs from the model."""

    probe: Probe
    expected: Outcome
    actual: Outcome
    reason: str
    is_in_a_row: bool = False
    """Whether it shows only when the model is called several times and keeps what it remembers."""


@dataclass(kw_only=True)
class Known:
    """All probes so far with what the model says to them; the first is the example."""

    probes: list[Probe] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, probe: Probe, outcome: Outcome) -> None:
        self.probes.append(probe)
        self.outcomes.append(outcome)

    @property
    def answered(self) -> int:
        """Number of probes that the model itself can answer."""
        return sum(outcome.problem is None for outcome in self.outcomes)


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Marks that were verified, or the reasons why there are none."""

    marks: dict[str, Mark]
    is_verified: bool
    scripted: tuple[str, ...] = ()
    compiled: CompiledEntry | None = None
    refused: tuple[Failure, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    evidence: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Mismatch] = field(default_factory=dict)
    """By path of the submodules in ``evidence``: a probe on which the whole model shows the difference."""
    is_strict: bool = True
    """False where the outputs are dicts or lists, which a trace keeps only with ``strict = false``."""
    attempt: Attempt | None = None


@dataclass(kw_only=True)
class Chooser:
    """Compiles, compares and corrects until the whole agrees with the model on every probe."""

    subject: Subject
    known: Known
    options: TorchScript
    tolerance: float
    context: JobContext
    changes: Sequence[str] = ()
    """Buffers and attributes that a run changes."""
    exported: Sequence[Probe]
    """The example and the inputs on which an export runs the model."""
    first: Attempt | None = None
    """The plain trace, where it was made already."""
    _capture: list[Probe] | None = None
    _kept: set[str] = field(default_factory=set)
    """Submodules of scripted ones that cannot be traced, or would be wrong."""
    _refused: dict[tuple[str, str], Failure] = field(default_factory=dict)
    """By path and code: that a module cannot be traced does not say why it cannot be scripted."""
    _evidence: dict[str, str] = field(default_factory=dict)
    _shown: dict[str, Mismatch] = field(default_factory=dict)

    def solve(self, culprits: Iterable[str]) -> Solution:
        """Return marks that agree with the model on all probes, starting from what is known to need a script."""
        scripted = set(culprits)
        mismatches: list[Mismatch] = []
        for _ in range(_MOST_ROUNDS):
            tried = self._attempt(scripted)
            if tried.compiled is None:
                if not self._correct(tried, scripted):
                    break
                continue
            mismatches = self.mismatches(tried.compiled)
            if not mismatches:
                return self._smaller(tried, scripted, set(culprits))
            if not self._extend(tried, scripted, mismatches):
                break
        return Solution(
            marks={},
            is_verified=False,
            scripted=tuple(sorted(scripted)),
            refused=tuple(self._refused.values()),
            mismatches=tuple(mismatches),
            evidence=dict(self._evidence),
            shown=dict(self._shown),
            is_strict=self.options.strict,
        )

    def mismatches(self, compiled: CompiledEntry, *, most: int | None = None) -> list[Mismatch]:
        """Run what was compiled on all probes and return where it differs."""
        found = []
        for index, (probe, expected) in enumerate(zip(self.known.probes, self.known.outcomes, strict=True)):
            if expected.problem is not None:
                continue
            self.context.progress(index / len(self.known.probes), f"verifying, probe {index + 1}")
            actual = run_compiled(compiled, probe, is_stateful=bool(self.changes))
            if (reason := difference(actual, expected, self.tolerance)) is not None:
                found.append(Mismatch(probe=probe, expected=expected, actual=actual, reason=reason))
                if most is not None and len(found) >= most:
                    break
        if self.changes and not found:
            found += self._mismatches_in_a_row(compiled)
        return found

    def _mismatches_in_a_row(self, compiled: CompiledEntry) -> list[Mismatch]:
        probes = [
            probe
            for probe, outcome in zip(self.known.probes, self.known.outcomes, strict=True)
            if outcome.problem is None and not probe.is_resized
        ][:_CALLS_IN_A_ROW]
        for count, (actual, expected) in enumerate(run_in_a_row(self.subject, compiled, probes), start=1):
            if (reason := difference(actual, expected, self.tolerance)) is not None:
                reason = f"when it is called {count} times in a row, {reason}"
                return [
                    Mismatch(probe=probes[count - 1], expected=expected, actual=actual, reason=reason, is_in_a_row=True)
                ]
        return []

    def _attempt(self, scripted: set[str]) -> Attempt:
        if not scripted and self.first is not None and self.first.compiled is not None:
            return self.first
        marks = self._marks(scripted)
        return attempt(self.subject.loaded, marks, self._to_capture(), self.options, self.context, self.subject.paths)

    def _to_capture(self) -> list[Probe]:
        """Return what an export captures calls from: advice that needs other inputs could not be followed."""
        if self._capture is None:
            rows = [probe for probe in self.exported if self.subject.run(probe).problem is None]
            self._capture = rows or self.known.probes[:1]
        return self._capture

    def _marks(self, scripted: set[str]) -> dict[str, Mark]:
        marks: dict[str, Mark] = {}
        root = self.subject.loaded.module
        if root is None:
            return {"": "script"} if scripted else {}
        for path in sorted(scripted):
            marks[path] = "script"
        for path in sorted(scripted):
            self._mark_members(path, scripted, marks)
        return _without_second_names(root, marks)

    def _mark_members(self, path: str, scripted: set[str], marks: dict[str, Mark]) -> None:
        root = self.subject.loaded.module
        assert root is not None
        for member in members(root, path):
            if member in scripted:
                continue
            if member in self._kept:
                self._mark_members(member, scripted, marks)
            else:
                marks[member] = "trace"

    def _correct(self, tried: Attempt, scripted: set[str]) -> bool:
        """Change the set after compiling failed; return whether there is anything left to try."""
        root = self.subject.loaded.module
        assert tried.failure is not None
        failure = explained(tried.failure, root) if tried.failure.code == "script.refused" else tried.failure
        path = failure.module
        if failure.code == "trace.container-output" and self.options.strict:
            self.options = msgspec.structs.replace(self.options, strict=False)
            return True
        if path is None:
            self._refuse("", failure)
            return False
        if root is None:
            self._refuse(path, failure)
            if scripted:
                return False
            scripted.add("")
            return True
        if tried.marks.get(path) == "trace":
            self._kept |= {path}
            if failure.code == "marks.never-called":
                prefix = path + "."
                self._kept |= {p for p in dict(root.named_modules()) if p.startswith(prefix)}
            return True
        if path in scripted and self._keep_called(path, tried, failure):
            return True
        self._refuse(path, failure)
        if path in scripted:
            return self._keep_members(path) or self._try_parent(path, scripted)
        if not scripted or path not in scripted:
            # The root's trace fails: with scripted parts, their parents may read what a scripted part does not have.
            if path == "" and scripted - {""}:
                return self._try_parent(max(scripted, key=lambda p: p.count(".")), scripted)
            scripted.add(path)
            return True
        return False

    def _refuse(self, path: str, failure: Failure) -> None:
        self._refused.setdefault((path, failure.code), failure)

    def _keep_called(self, path: str, tried: Attempt, failure: Failure) -> bool:
        """Leave those members scripted of which a scripted module calls a method: a trace has ``forward`` only."""
        root = self.subject.loaded.module
        found = _NO_METHOD.search(failure.details or failure.message)
        if found is None or root is None:
            return False
        owner, method = found.groups()
        called = {
            member
            for member, mark in tried.marks.items()
            if mark == "trace" and is_below(member, path) and type(root.get_submodule(member)).__name__ == owner
            if callable(getattr(type(root.get_submodule(member)), method, None))
        }
        self._kept |= called
        return bool(called)

    def _keep_members(self, path: str) -> bool:
        root = self.subject.loaded.module
        assert root is not None
        new = set(members(root, path)) - self._kept
        self._kept |= new
        return bool(new)

    def _try_parent(self, path: str, scripted: set[str]) -> bool:
        root = self.subject.loaded.module
        assert root is not None
        parent = parent_of(root, path)
        scripted.discard(path)
        self._kept.add(path)
        if parent is None:
            return False
        scripted.add(parent)
        return True

    def _extend(self, tried: Attempt, scripted: set[str], mismatches: list[Mismatch]) -> bool:
        """Add the submodules that differ; return whether there is anything left to try."""
        root = self.subject.loaded.module
        if root is None:
            if scripted:
                return False
            scripted.add("")
            self._evidence[""] = mismatches[0].reason
            self._shown[""] = mismatches[0]
            return True
        if mismatches[0].is_in_a_row:
            owners = {self._owner(name) for name in self.changes} - scripted
            self._evidence |= dict.fromkeys(owners, mismatches[0].reason)
            self._shown |= dict.fromkeys(owners, mismatches[0])
            scripted |= owners
            return bool(owners)
        localiser = Localiser(
            subject=self.subject,
            probes=[self.known.probes[0], *_different_kinds(mismatches)],
            options=self.options,
            tolerance=self.tolerance,
            context=self.context,
        )
        found = localiser.culprits(tried.marks)
        new = set(found) - scripted
        self._evidence |= {path: localiser.evidence.get(path, mismatches[0].reason) for path in new}
        if len(found) == 1:
            # Of several, it is not known which one a probe shows.
            self._shown.setdefault(found[0], mismatches[0])
        for path in set(found) & scripted:
            problem = mismatches[0].actual.problem or mismatches[0].reason
            if known := explained_run(problem, path, root):
                self._refuse(path, known)
        scripted |= new
        if new:
            return True
        # Every one of them is corrected, not only the first that can be.
        kept = [self._keep_members(path) for path in found]
        if any(kept):
            return True
        moved = [self._try_parent(path, scripted) for path in found if path]
        return any(moved)

    def _owner(self, name: str) -> str:
        """Return the nearest submodule with a ``forward`` that holds a buffer or attribute."""
        root = self.subject.loaded.module
        assert root is not None
        path = name.rpartition(".")[0]
        while path and not has_forward(root.get_submodule(path)):
            path = path.rpartition(".")[0]
        return path

    def _smaller(self, tried: Attempt, scripted: set[str], proven: set[str]) -> Solution:
        """Leave out what is not needed, where that was not shown already."""
        best = tried
        for path in sorted(scripted - proven, key=lambda p: -p.count(".")):
            if len(scripted) < 2:
                break
            fewer = self._attempt(scripted - {path})
            if fewer.compiled is not None and not self.mismatches(fewer.compiled, most=1):
                scripted.discard(path)
                best = fewer
        return Solution(
            marks=best.marks,
            is_verified=True,
            scripted=tuple(sorted(scripted)),
            compiled=best.compiled,
            refused=tuple(self._refused.values()),
            evidence=dict(self._evidence),
            shown=dict(self._shown),
            is_strict=self.options.strict,
            attempt=best,
        )


def _different_kinds(mismatches: Sequence[Mismatch]) -> list[Probe]:
    """Return a few of the probes: the first ones of other values, and of other sizes."""
    values = [m.probe for m in mismatches if not m.probe.is_resized]
    sizes = [m.probe for m in mismatches if m.probe.is_resized]
    return values[:3] + values[-2:] + sizes[:3]


def _without_second_names(root: "object", marks: dict[str, Mark]) -> dict[str, Mark]:
    """Leave out marks on a module under its second name: an object has one mark, and script comes first."""
    import torch

    assert isinstance(root, torch.nn.Module)
    modules = dict(root.named_modules(remove_duplicate=False))
    by_object: dict[int, str] = {}
    for path in sorted(marks, key=lambda p: (marks[p] != "script", p)):
        by_object.setdefault(id(modules[path]), path)
    chosen = set(by_object.values())
    return {path: mark for path, mark in sorted(marks.items()) if path in chosen}
