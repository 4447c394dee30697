"""What the advisor found, as diagnostics: doubtful places with their verdicts, and what stands in the way."""

import inspect
from collections.abc import Iterable, Sequence
from typing import TypedDict

import msgspec
import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import Failure
from ..model_file.user_errors import place_of_code
from .attempt import Attempt
from .causes import Cause
from .randomness import Nature
from .scripted_set import Solution
from .static_reading import line_of_change, source_line
from .triage import CHANGES, SHAPE_ONLY, UNDECIDED, Finding

_CODES = {
    "bool": "trace.branch-on-tensor",
    "number": "trace.tensor-to-float",
    "index": "trace.tensor-to-index",
    "values": "trace.tensor-to-numpy",
    "size": "trace.data-dependent-size",
}
_WHAT = {
    "bool": "A tensor decides which way the code goes here; a trace keeps the way that the example took",
    "number": "A tensor becomes a Python number here; a trace keeps the number that the example gave",
    "index": "A tensor becomes an index or a count here; a trace keeps the one that the example gave",
    "values": "A tensor leaves torch here, as a list or an array; a trace keeps the values that the example gave",
    "size": "The size of a tensor depends on values here; where Python uses it, a trace keeps the size of the example",
}
FROZEN = {
    "trace.branch-on-tensor",
    "trace.tensor-to-int",
    "trace.tensor-to-float",
    "trace.tensor-to-index",
    "trace.tensor-to-numpy",
    "trace.len-of-tensor",
    "trace.iterate-tensor",
    "trace.frozen-value",
}


def settled(findings: Sequence[Finding], solution: Solution) -> None:
    """Give places whose submodule was found to differ as a whole that verdict: they are why it does."""
    for finding in findings:
        module = finding.site.module
        is_open = finding.site.kind == "size" or finding.verdict == UNDECIDED
        if is_open and module in solution.evidence and finding.first_probe == 0:
            finding.verdict = CHANGES
            finding.evidence = f"a trace of {module or 'the model'} differs: {solution.evidence[module]}"


def diagnostics_of(
    root: torch.nn.Module | None,
    solution: Solution,
    findings: Sequence[Finding],
    first: Attempt,
    nature: Nature,
) -> list[Diagnostic]:
    """Return everything a person should know, each once, the gravest first."""
    found = [*_of_nature(nature, root), *_of_findings(findings, solution)]
    places = {(d.module, d.file, d.line) for d in found if d.line}
    for diagnostic in first.diagnostics:
        if diagnostic.line and (diagnostic.module, diagnostic.file, diagnostic.line) in places:
            continue
        found.append(_of_shape(_placed(diagnostic, first), solution))
    located = {d.module for d in found if d.severity is Severity.WARNING}
    for path, evidence in solution.evidence.items():
        if path not in located and path != nature.begins_at:
            file, line = forward_of(root, path)
            found.append(
                Diagnostic(
                    code="trace.differs",
                    severity=Severity.WARNING,
                    message="A trace of this module gives other results than the module itself.",
                    module=path,
                    file=file,
                    line=line,
                    source=source_line(file, line),
                    hint=_hint(path, solution),
                    evidence=evidence,
                )
            )
    if nature.is_repeatable:
        found += _of_solution(solution)
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return sorted(_folded(found), key=lambda d: order[d.severity])


def _of_findings(findings: Sequence[Finding], solution: Solution) -> list[Diagnostic]:
    rows = []
    for finding in findings:
        site = finding.site
        code = _CODES[site.kind]
        if site.kind == "number" and all(isinstance(value, int) for value in finding.reference.values()):
            code = "trace.tensor-to-int"
        is_grave = finding.verdict in (CHANGES, UNDECIDED)
        rows.append(
            Diagnostic(
                code=code,
                severity=Severity.WARNING if is_grave else Severity.NOTE,
                message=f"{_WHAT[site.kind]}: {finding.verdict}.",
                module=site.module,
                file=site.file,
                line=site.line,
                source=source_line(site.file, site.line),
                hint=_hint(site.module, solution)
                if finding.verdict == CHANGES
                else _UNDECIDED_HINT
                if finding.verdict == UNDECIDED
                else "Nothing needs to be done here.",
                evidence=finding.evidence,
            )
        )
    return rows


_UNDECIDED_HINT = (
    "If inputs of your app can change what happens here, mark this module as script, or give an input that does as an "
    "example (--input x=@sample.npy) and advise again."
)


def _hint(path: str, solution: Solution) -> str:
    if not solution.is_verified:
        return "Rewrite this line with tensor operations (torch.where, masks), or make the module scriptable."
    if path in solution.scripted:
        return f"Mark {path or 'the model'} as script."
    above = [p for p in solution.scripted if p == "" or path.startswith(p + ".")]
    return f"It lies in {above[-1] or 'the model'}, which is scripted." if above else "Nothing needs to be done here."


def _placed(diagnostic: Diagnostic, first: Attempt) -> Diagnostic:
    """Give a tracer warning about an installed package that package's line."""
    if diagnostic.line is not None or diagnostic.code not in FROZEN:
        return diagnostic
    sites = [leak.site for leak in first.leaks if leak.site.module == diagnostic.module and leak.site.line]
    kinds = [site for site in sites if _CODES[site.kind] == diagnostic.code] or sites
    if not kinds:
        return diagnostic
    file, line = kinds[0].file, kinds[0].line
    return msgspec.structs.replace(diagnostic, file=file, line=line, source=source_line(file, line))


def _of_shape(diagnostic: Diagnostic, solution: Solution) -> Diagnostic:
    """Judge a tracer warning whose value did not leave torch in an ordinary run: it is a size."""
    if diagnostic.code not in FROZEN:
        return diagnostic
    if diagnostic.module in solution.evidence:
        return msgspec.structs.replace(
            diagnostic, evidence=solution.evidence[diagnostic.module], hint=_hint(diagnostic.module, solution)
        )
    return msgspec.structs.replace(
        diagnostic,
        severity=Severity.NOTE,
        message=f"A size decides something here, and a trace keeps it as it was with the example: {SHAPE_ONLY}.",
        evidence="a run without tracing takes no value of a tensor here, and no size that was tried made a difference",
        hint="Nothing needs to be done for the sizes that the recipe declares; other sizes are not promised.",
    )


def _of_nature(nature: Nature, root: torch.nn.Module | None) -> list[Diagnostic]:
    rows = []
    where = nature.begins_at
    if not nature.is_repeatable:
        rows.append(
            Diagnostic(
                code="model.not-repeatable",
                severity=Severity.ERROR,
                message="The model gives other outputs for one and the same input, with equal seeds and equal "
                f"state, so nothing can be compared with it{_because(nature)}.",
                module=where,
                **_place(nature),
                evidence=f"two runs of the model itself: {nature.reason}",
                hint="It draws from a generator of its own, counts in a global variable, or reads the time or the "
                "order of a set. Make that an argument, or take it out of forward.",
            )
        )
    elif nature.is_random:
        rows.append(
            Diagnostic(
                code="model.random",
                severity=Severity.NOTE,
                message="The model draws random numbers, so no two runs are equal; it was compared with equal "
                f"seeds{_because(nature)}.",
                module=where,
                **_place(nature),
                evidence="runs with equal seeds agree, runs with different seeds differ",
                hint='Set the mode to "eval" if this is dropout.',
            )
        )
    if nature.nan_at is not None:
        rows.append(
            Diagnostic(
                code="model.not-finite",
                severity=Severity.WARNING,
                message="The model's own output for the example holds NaN or infinity; it begins in this module.",
                module=nature.nan_at,
                hint="Check the weights and the scale of the example: the trace is not to blame.",
            )
        )
    if nature.graphs is not None:
        because = (
            nature.cause.text
            if nature.cause is not None
            else f"a run changes {', '.join(nature.changes[:3])}"
            if nature.changes
            else "it draws random numbers"
            if nature.is_random
            else "something outside of the model changes: a global variable, the time, the order of a set"
        )
        file, line = nature.graphs.file, nature.graphs.line
        rows.append(
            Diagnostic(
                code="trace.graphs-differ",
                severity=Severity.WARNING,
                message=f"Two traces of the same input give different graphs, because {because}.",
                module=nature.graphs.module,
                file=file,
                line=line,
                source=source_line(file, line),
                evidence=f"the graphs begin to differ with {nature.graphs.text}",
                hint="Let forward do the same each time: keep what counts in a buffer and use it with torch.where, or "
                "script this module.",
            )
        )
    if nature.changes:
        file, line = _place_of_change(nature.changes[0], root)
        rows.append(
            Diagnostic(
                code="model.keeps-state",
                severity=Severity.NOTE,
                message=f"A run changes {', '.join(nature.changes[:4])}{' …' if len(nature.changes) > 4 else ''}, so a "
                "later run may give something else.",
                module=nature.changes[0].rpartition(".")[0],
                file=file,
                line=line,
                source=source_line(file, line),
                hint="In a trace, buffers changed in place stay alive; Python attributes stay as they were.",
            )
        )
    return rows


def _place_of_change(change: str, root: torch.nn.Module | None) -> tuple[str | None, int | None]:
    """Return where the class of a submodule writes to a buffer or attribute."""
    path, _, attribute = change.rpartition(".")
    if root is None:
        return None, None
    for kind in type(root.get_submodule(path)).__mro__:
        file, _ = place_of_code(getattr(kind, "forward", None))
        if line := line_of_change(file, kind.__name__, attribute):
            return file, line
    return None, None


def _because(nature: Nature) -> str:
    return "" if nature.cause is None else f": {nature.cause.text}"


class _Place(TypedDict):
    file: str | None
    line: int | None
    source: str | None


def _place(nature: Nature) -> _Place:
    cause = nature.cause or Cause("")
    return {"file": cause.file, "line": cause.line, "source": source_line(cause.file, cause.line)}


def _of_solution(solution: Solution) -> list[Diagnostic]:
    if solution.is_verified:
        rows = []
        if not solution.is_strict:
            rows.append(
                Diagnostic(
                    code="trace.container-output",
                    severity=Severity.WARNING,
                    message="The model returns a dict or a list, which a trace keeps only with strict = false.",
                    module="",
                    hint="Set strict = false under [torchscript]; the advice was verified with it.",
                )
            )
        rows += [_of_failure(failure, Severity.NOTE) for failure in _told(solution)]
        return rows
    rows = [_of_failure(failure, Severity.ERROR) for failure in _told(solution)]
    what = "; ".join(m.reason for m in solution.mismatches[:1]) or "no set of marks could be compiled"
    place = solution.refused[0] if solution.refused else None
    rows.append(
        Diagnostic(
            code="advise.no-set",
            severity=Severity.ERROR,
            message="No set of scripted submodules was found that compiles and agrees with the model on every "
            "probe, so none is recommended.",
            module=place.module if place else None,
            file=place.file if place else None,
            line=place.line if place else None,
            source=source_line(place.file, place.line) if place else None,
            evidence=what,
            hint=place.hint if place else "See the other findings for what stands in the way.",
        )
    )
    return rows


def _told(solution: Solution) -> list[Failure]:
    """Return the refusals, without those that only echo an earlier one: torch remembers a class that failed."""
    return [failure for failure in solution.refused if "Can't redefine method" not in failure.message]


def _of_failure(failure: Failure, severity: Severity) -> Diagnostic:
    return Diagnostic(
        code=failure.code,
        severity=severity,
        message=failure.message,
        module=failure.module,
        file=failure.file,
        line=failure.line,
        source=source_line(failure.file, failure.line),
        hint=failure.hint,
        original=failure.details,
    )


def _folded(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Keep one of the notes that only differ in the submodule: forty blocks of one class share their lines."""
    groups: dict[object, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        is_note = diagnostic.severity is Severity.NOTE and diagnostic.code.startswith("trace.")
        key: object = (
            (diagnostic.code, diagnostic.file, diagnostic.line, diagnostic.message) if is_note else id(diagnostic)
        )
        groups.setdefault(key, []).append(diagnostic)
    rows = []
    for members in groups.values():
        first = members[0]
        others = len({member.module for member in members}) - 1
        if others and first.severity is Severity.NOTE:
            evidence = f"{first.evidence}; " if first.evidence else ""
            first = msgspec.structs.replace(first, evidence=f"{evidence}so in {others} other modules with this line")
        rows.append(first)
    return rows


def forward_of(root: torch.nn.Module | None, path: str) -> tuple[str | None, int | None]:
    if root is None:
        return None, None
    forward = getattr(type(root.get_submodule(path) if path else root), "forward", None)
    code = getattr(inspect.unwrap(forward), "__code__", None) if forward is not None else None
    return (code.co_filename, code.co_firstlineno) if code is not None else (None, None)
