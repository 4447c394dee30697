"""The Core ML package compared with the eager model, by reference execution on this machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import ExportDeskError
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import CoreML, Recipe
from ..results import Check, Float32Suggestion, LayerError
from .branches import Branch, Decisions, Flip, branches_of, flip_of
from .gates import FLOAT16_PSNR_DB as GOOD_PSNR_DB
from .gates import RoundingGates
from .package_runs import PackageRuns
from .probes import Probe
from .reasons import find_reasons
from .sample_gates import SampleGate, sample_gates
from .ties import Ties, explain_ties
from .verdict import Expected, Gate, is_admitted, not_run, psnr_gate, relative_gate, verdict

if TYPE_CHECKING:
    from ..mil import ReferenceModel
    from ..mil.model import Observe

FLOAT32_TOLERANCE = 1e-3
"""Relative error of a float16 program run in float32, where the model is not there to set a gate from."""
FLOAT16_PSNR_DB = 40.0
"""The same for a float16 program in its own precision."""

COMPRESSED_PSNR_DB = 20.0
"""Compressed weights lose accuracy by the user's choice; below this the model is another one."""


@dataclass(frozen=True, kw_only=True)
class PackageVerdict:
    """Checks of a package, and, where one failed or the recipe asks for it, what they come from."""

    checks: tuple[Check, ...]
    layers: tuple[LayerError, ...] = ()
    suggestion: Float32Suggestion | None = None
    gates: Mapping[int, SampleGate] = field(default_factory=dict)
    """Of the first probes by their index: what the package may be off there."""


def check_package(
    package: Path,
    loaded: LoadedModel,
    method: str,
    probes: Sequence[Probe],
    expected: Sequence[Expected],
    recipe: Recipe,
    context: JobContext,
    convert_again: Callable[[CoreML], Path] | None = None,
    compiled: Any = None,
    function: str | None = None,
) -> PackageVerdict:
    """Run the saved package on the probes, in the program's own precision and, if that is float16, in float32 too.

    The float32 run separates a wrong program from rounding. Pictures, labels and chosen outputs are translated, so
    that the app's side is compared with the PyTorch model's own. What is found out about the reasons goes to the
    context as diagnostics.

    Args:
        convert_again: converts the model with other options, quietly; without it a suggestion is not verified.
        compiled: the TorchScript that was converted, which knows the lines of branches.
        function: the one that is compared, of a package that has several.
    """
    if recipe.coreml.convert_to != "mlprogram":
        reason = "reference execution runs ML programs, not the neuralnetwork type"
        return PackageVerdict(checks=(not_run("coreml", reason),))
    runs = PackageRuns(package, loaded, method, probes, expected, recipe.coreml, compiled, function)
    gates = RoundingGates(runs, context)
    judged = tuple(_checks(runs, gates, recipe, context))
    checks = tuple(row.check for row in judged)
    if not _calls_for_reasons(checks, recipe):
        return PackageVerdict(checks=checks, gates=judged[0].gates)

    def verify(operations: tuple[str, ...]) -> Check:
        options = msgspec.structs.replace(
            recipe.coreml, float32_operations=(*recipe.coreml.float32_operations, *operations)
        )
        assert convert_again is not None
        again = PackageRuns(convert_again(options), loaded, method, probes, expected, options)
        return _check("coreml", "program", _own_gate(recipe, RoundingGates(again, context)), again, context).check

    reasons = find_reasons(runs, checks, recipe, None if convert_again is None else verify, context)
    return PackageVerdict(checks=checks, layers=reasons.layers, suggestion=reasons.suggestion, gates=judged[0].gates)


@dataclass(frozen=True)
class _Judged:
    check: Check
    gates: Mapping[int, SampleGate] = field(default_factory=dict)


def _checks(runs: PackageRuns, gates: RoundingGates, recipe: Recipe, context: JobContext) -> Iterator[_Judged]:
    yield _check("coreml", "program", _own_gate(recipe, gates), runs, context)
    if recipe.coreml.precision == "float16" and not recipe.coreml.compression:
        limit = recipe.checks.coreml_relative_error
        gate = gates.constants_gate() if limit is None else relative_gate(limit)
        yield _check("coreml.float32", "float32", gate, runs, context)


def _own_gate(recipe: Recipe, gates: RoundingGates) -> Gate:
    """Return the gate of a program in its own precision."""
    limits = recipe.checks
    if recipe.coreml.compression:
        return psnr_gate(COMPRESSED_PSNR_DB if limits.coreml_psnr_db is None else limits.coreml_psnr_db)
    if recipe.coreml.precision == "float32":
        relative = limits.coreml_relative_error
        return gates.float32_gate() if relative is None else relative_gate(relative)
    return gates.float16_gate() if limits.coreml_psnr_db is None else psnr_gate(limits.coreml_psnr_db)


def _calls_for_reasons(checks: Sequence[Check], recipe: Recipe) -> bool:
    if not any(check.status in ("passed", "failed") for check in checks):
        return False
    own = checks[0].psnr_db
    is_low = own is not None and own < GOOD_PSNR_DB and not recipe.coreml.compression
    return recipe.checks.layers or is_low or any(check.status == "failed" for check in checks)


def _check(name: str, precision: str, gate: Gate, runs: PackageRuns, context: JobContext) -> _Judged:
    if all(row.problem is not None for row in runs.expected):
        return _Judged(verdict(name, runs.expected, [None] * len(runs.expected), gate))
    try:
        branches, decisions, actual = _answers(runs, precision, context)
        check = verdict(name, runs.expected, actual, gate, runs.scales)
        if precision == "program":
            for diagnostic in decisions.not_taken():
                context.report(diagnostic)
        words: dict[int, str] = {}
        if check.status == "failed":
            check, words = _with_rounding_explained(check, precision, gate, runs, branches, actual, context)
        return _Judged(check, sample_gates(runs, gate, actual, words))
    except ExportDeskError as error:
        return _Judged(not_run(name, f"reference execution cannot run this package: {error.failure.message}"))


def _answers(
    runs: PackageRuns, precision: str, context: JobContext
) -> tuple[Sequence[Branch], Decisions, Sequence[Any]]:
    """Run the package on all probes. Its weights are out of memory again before the answers are judged."""
    model = runs.model(precision)
    branches = branches_of(model.body, runs.compiled, runs.method)
    decisions = Decisions(branches)
    actual: list[Any] = []
    for index, answer in enumerate(runs.expected):
        context.progress(index / len(runs.expected), f"Core ML ({precision}), probe {index + 1}")
        observe = decisions.observe if branches else None
        actual.append(None if answer.problem is not None else _outputs_or_error(runs, model, index, observe))
    return branches, decisions, actual


def _with_rounding_explained(
    check: Check,
    precision: str,
    gate: Gate,
    runs: PackageRuns,
    branches: Sequence[Branch],
    actual: Sequence[Any],
    context: JobContext,
) -> tuple[Check, dict[int, str]]:
    """Judge probes on which rounding decided a branch, or chose between near ties, by what the model chose.

    Returns:
        The check, which says so, and the words for each such probe.
    """
    explained = list(actual)
    words: dict[int, str] = {}
    for probe in runs.answered:

        def admits(outputs: Any, probe: int = probe) -> bool:
            return is_admitted(outputs, runs.expected[probe], probe, gate, runs.scales)

        if isinstance(actual[probe], Exception) or admits(actual[probe]):
            continue
        found: Ties | Flip | None = explain_ties(runs, precision, probe, actual[probe])
        if found is None or not admits(found.outputs):
            found = flip_of(runs, precision, probe, branches, admits)
        if found is not None:
            explained[probe] = found.outputs
            words[probe] = found.words
            context.report(found.diagnostic)
    if not words:
        return check, words
    judged = verdict(check.name, runs.expected, explained, gate, runs.scales)
    first = f"{next(iter(words.values()))}; compared on the model's side there"
    return msgspec.structs.replace(judged, reason="; ".join(filter(None, (judged.reason, first)))), words


def _outputs_or_error(runs: PackageRuns, model: "ReferenceModel", probe: int, observe: "Observe | None") -> Any:
    try:
        return runs.outputs(model, probe, observe)
    except ExportDeskError as error:
        if error.failure.code.endswith("unsupported-operation"):
            raise
        return error
