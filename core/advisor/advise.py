"""The job behind ``advise``: which submodules must be scripted, shown by running."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..diagnostics import Diagnostic
from ..errors import fail
from ..job_context import JobContext
from ..model_file.loading import LoadedModel, load_model, model_path
from ..model_file.user_imports import user_imports
from ..recipe.model import Recipe
from ..results import Advice
from ..stages.prepared import prepare_inputs
from ..torchscript.eager import eager_or_fail
from .assumed_inputs import with_assumed_inputs
from .attempt import Attempt, attempt
from .envelope import envelope_of
from .findings import diagnostics_of, settled
from .probes import Probe, Source, leaves_of, mixed_probes, size_probes, value_probes
from .randomness import Nature, nature_of, repeated_later
from .rows import culprit_rows, place_rows
from .running import Nowhere, Outcome, Subject
from .saved_probes import with_saved_probes
from .scripted_set import Chooser, Known, Solution
from .static_reading import sizes_mentioned
from .tree import is_below
from .triage import Finding, Triage, culprit_modules

_FEW_KINDS = 8
"""Kinds of values that are always tried; a model with a doubtful place gets all of them."""


def run_advise(
    recipe: Recipe,
    folder: Path,
    context: JobContext,
    *,
    measures_envelope: bool = False,
    probes_folder: Path | None = None,
) -> Advice:
    """Find the smallest set of submodules to script, verify it, and explain every doubtful place.

    Args:
        measures_envelope: whether to compare over batch, dimensions, scale and dtype as well, which costs more runs.
        probes_folder: where to keep the inputs that show a culprit; None keeps none.

    Raises:
        ExportDeskError: where the model cannot be loaded or run; a model that cannot be compiled is an answer.
    """
    file = model_path(recipe, folder)
    context.acknowledged = recipe.acknowledged
    with user_imports(file):
        with context.stage("load"):
            loaded = load_model(recipe, folder)
        if loaded.is_script:
            fail(
                "call.compiled",
                f"{file.name} is TorchScript: its modules are compiled already, and a mark would change nothing.",
                hint="Advise on the Python file that it was made of; exportdesk graph shows its branches and loops.",
            )
        with context.stage("inputs"):
            recipe = with_assumed_inputs(recipe, loaded, context)
            prepared = prepare_inputs(loaded, recipe, folder)
            sources = [
                Source(
                    binding=binding,
                    folder=folder,
                    device=recipe.model.device,
                    seed=recipe.checks.seed,
                    method=method,
                )
                for method, binding in prepared.bindings.items()
            ]
        with context.stage("eager"):
            for source in sources:
                eager_or_fail(loaded, source.method, source.example().arguments)
        exported = [
            Probe(description=row.variation.description, arguments=row.arguments, method=method)
            for method, rows in prepared.probes.items()
            for row in rows[1:]
        ]
        advisor = _Advisor(loaded, sources, exported, recipe, context)
        # What forward prints was printed by the run above; the hundreds that follow would bury it.
        with contextlib.redirect_stdout(Nowhere()), contextlib.redirect_stderr(Nowhere()):
            return advisor.advise(measures_envelope=measures_envelope, probes_folder=probes_folder)


class _Advisor:
    def __init__(
        self,
        loaded: LoadedModel,
        sources: Sequence[Source],
        exported: Sequence[Probe],
        recipe: Recipe,
        context: JobContext,
    ) -> None:
        self._loaded, self._sources, self._recipe, self._context = loaded, sources, recipe, context
        self._exported = [*(source.example() for source in sources), *exported]
        self._subject = Subject(loaded=loaded, checkpoint=context.checkpoint)
        self._known = Known()
        self._provenance: dict[str, Outcome] = {}
        self._tolerance = recipe.torchscript.check_tolerance

    def advise(self, *, measures_envelope: bool, probes_folder: Path | None) -> Advice:
        with self._context.stage("repeat"):
            example = self._sources[0].example()
            outcome = self._subject.run(example)
            nature = nature_of(self._subject, example, outcome)
            self._subject.changing = nature.changing_buffers
            self._known.add(example, outcome)
        with self._context.stage("trace"):
            first = self._trace()
        with self._context.stage("probe"):
            self._run_probes(first)
        with self._context.stage("triage"):
            findings = self._triage(first)
        with self._context.stage("verify"):
            nature = repeated_later(self._subject, example, outcome, nature)
            solution = self._solve(first, findings, nature)
        advice = self._advice(solution, findings, first, nature)
        compiled = solution.compiled or first.compiled
        if measures_envelope and compiled is not None and nature.is_repeatable:
            with self._context.stage("envelope"):
                points = envelope_of(self._subject, compiled, self._sources[0], self._tolerance, self._context)
            advice = msgspec.structs.replace(advice, envelope=points, seconds=self._context.seconds)
        return advice if probes_folder is None else with_saved_probes(advice, findings, self._sources, probes_folder)

    def _trace(self) -> Attempt:
        examples = [source.example() for source in self._sources]
        return attempt(self._loaded, {}, examples, self._recipe.torchscript, self._context, self._subject.paths)

    def _run_probes(self, first: Attempt) -> None:
        """Run the model on the examples and on probes; on more of them where a value leaves torch somewhere."""
        for index, source in enumerate(self._sources):
            outcome = self._known.outcomes[0]
            if index > 0:
                example = source.example()
                outcome = self._subject.run(example)
                self._known.add(example, outcome)
            if outcome.leaks or first.leaks:
                self._provenance[source.method] = self._subject.run(source.example(), with_provenance=True)
            # A size that is data leaves no trace in an ordinary run but this.
            traced = self._provenance.get(source.method, outcome)
            is_doubtful = bool(traced.leaks)
            sizes = sizes_mentioned(str(self._loaded.file)) if first.leaks else []
            probes = [*value_probes(source, stop=_FEW_KINDS), *size_probes(source, sizes)]
            if is_doubtful:
                probes += [*value_probes(source, start=_FEW_KINDS), *mixed_probes(source)]
            for index, probe in enumerate(probes):
                self._context.progress(index / len(probes), f"probe {index + 1} of {len(probes)}")
                self._known.add(probe, self._subject.run(probe))

    def _triage(self, first: Attempt) -> list[Finding]:
        findings: list[Finding] = []
        if not any(outcome.leaks for outcome in self._known.outcomes) and not first.leaks:
            return findings
        for source in self._sources:
            example = source.example()
            provenance = self._provenance.get(source.method) or self._subject.run(example, with_provenance=True)
            triage = Triage(
                subject=self._subject,
                known=self._known,
                example=example,
                leaves=leaves_of(source.binding),
                tolerance=self._tolerance,
                context=self._context,
            )
            triage.decide(provenance)
            findings += triage.findings.values()
        return findings

    def _solve(self, first: Attempt, findings: list[Finding], nature: Nature) -> Solution:
        if not nature.is_repeatable:
            return Solution(marks={}, is_verified=False)
        chooser = Chooser(
            subject=self._subject,
            known=self._known,
            options=self._recipe.torchscript,
            tolerance=self._tolerance,
            context=self._context,
            changes=nature.changes,
            exported=self._exported,
            first=first,
        )
        culprits = _needed(findings)
        if self._loaded.module is None:
            culprits = {""} if culprits else set()
        return chooser.solve(culprits)

    def _advice(self, solution: Solution, findings: list[Finding], first: Attempt, nature: Nature) -> Advice:
        root = self._loaded.module
        settled(findings, solution)
        diagnostics: list[Diagnostic] = diagnostics_of(root, solution, findings, first, nature)
        for diagnostic in diagnostics:
            self._context.report(diagnostic)
        recipe = msgspec.structs.replace(self._recipe, marks=solution.marks)
        if not solution.is_strict:
            recipe = msgspec.structs.replace(
                recipe, torchscript=msgspec.structs.replace(recipe.torchscript, strict=False)
            )
        return Advice(
            marks=dict(solution.marks),
            culprits=culprit_rows(root, solution, findings, first.diagnostics),
            is_verified=solution.is_verified,
            probe_count=self._known.answered,
            diagnostics=self._context.diagnostics,
            places=place_rows(findings),
            recipe=recipe,
            seconds=self._context.seconds,
        )


def _needed(findings: Sequence[Finding]) -> set[str]:
    """Return the submodules that are known to need a script.

    One that the example never reaches is left out of a trace, and so matters only below a scripted one.
    """
    needed = set(culprit_modules(finding for finding in findings if finding.first_probe == 0))
    for path in sorted(culprit_modules(findings)):
        if any(is_below(path, above) for above in needed):
            needed.add(path)
    return needed
