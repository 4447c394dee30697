"""What the advisor found, as rows of its answer: culprits with their evidence, doubtful places with their verdicts."""

from collections.abc import Sequence

import torch

from ..diagnostics import Diagnostic
from ..model_file.module_tree import type_name
from ..results import Culprit, DoubtfulPlace, ShownProbe
from .findings import FROZEN, forward_of
from .probes import Probe, content
from .running import Outcome, summary_of
from .scripted_set import Solution
from .static_reading import source_line
from .triage import CHANGES, HARMLESS, Finding


def place_rows(findings: Sequence[Finding]) -> tuple[DoubtfulPlace, ...]:
    """Return each tested place with its verdict."""
    return tuple(
        DoubtfulPlace(
            module=finding.site.module,
            file=finding.site.file,
            line=finding.site.line,
            source=source_line(finding.site.file, finding.site.line),
            kind=finding.site.kind,
            verdict=finding.verdict,
            evidence=finding.evidence,
            probe=None if finding.probe is None else shown_probe(finding.probe),
            expected=finding.expected or None,
            actual=finding.actual or None,
        )
        for finding in findings
    )


def culprit_rows(
    root: torch.nn.Module | None,
    solution: Solution,
    findings: Sequence[Finding],
    diagnostics: Sequence[Diagnostic] = (),
) -> tuple[Culprit, ...]:
    """Return the submodules that a trace would get wrong, each with the place and the input that show it.

    Args:
        diagnostics: warnings of the tracer, which have the line where the difference is a matter of sizes.
    """
    cleared = {(f.site.module, f.site.line) for f in findings if f.verdict == HARMLESS}
    warned = {
        d.module: d for d in reversed(diagnostics) if d.line and d.code in FROZEN and (d.module, d.line) not in cleared
    }
    telling = {f.site.module: f for f in reversed(findings) if f.verdict == CHANGES and f.first_probe == 0}
    paths = sorted({*telling, *solution.evidence, *(solution.scripted if solution.is_verified else ())})
    rows = []
    for path in paths:
        finding = telling.get(path)
        shown = None if finding else solution.shown.get(path)
        probe = finding.probe if finding else shown.probe if shown else None
        if finding:
            file, line = finding.site.file, finding.site.line
        else:
            file, line = (warned[path].file, warned[path].line) if path in warned else forward_of(root, path)
        rows.append(
            Culprit(
                module=path,
                type_name="" if root is None else type_name(root.get_submodule(path) if path else root),
                file=file,
                line=line,
                source=source_line(file, line),
                evidence=finding.evidence if finding else solution.evidence.get(path, ""),
                probe=shown_probe(probe) if probe else None,
                expected=finding.expected if finding else summary_of(shown.expected.output) if shown else None,
                actual=finding.actual if finding else _given(shown.actual) if shown else None,
                is_scripted=path in solution.scripted and solution.is_verified,
            )
        )
    return tuple(rows)


def _given(outcome: Outcome) -> str:
    return outcome.problem or summary_of(outcome.output)


def shown_probe(probe: Probe) -> ShownProbe:
    """Return a probe as data: its description, and the values of small inputs."""
    tensors = content(probe.arguments)
    return ShownProbe(
        description=probe.description,
        method=probe.method,
        shapes=tuple(tuple(tensor.shape) for tensor in tensors),
        dtypes=tuple(str(tensor.dtype).removeprefix("torch.") for tensor in tensors),
    )
