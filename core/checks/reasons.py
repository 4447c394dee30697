"""Why a Core ML package is off: the layer at which it begins, and what half precision does."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..diagnostics import Diagnostic, Severity
from ..errors import ExportDeskError
from ..job_context import JobContext
from ..model_file.module_tree import module_rows
from ..recipe.model import Recipe
from ..results import Check, Float32Suggestion, LayerError
from .gates import FLOAT16_PSNR_DB, LOWEST_PSNR_DB
from .half_precision import Verify, explain_half_precision
from .layers import layer_errors
from .package_runs import PackageRuns

_JUMP = 4.0
"""How much larger than in all layers before it an error is where something goes wrong."""
_LEAST = 1e-3
"""Relative error in float32 that rounding of constants seldom reaches."""


@dataclass(frozen=True)
class Reasons:
    layers: tuple[LayerError, ...] = ()
    suggestion: Float32Suggestion | None = None


def find_reasons(
    runs: PackageRuns, checks: Sequence[Check], recipe: Recipe, verify: Verify | None, context: JobContext
) -> Reasons:
    """Compare layer by layer, and look at half precision, on the probe that was worst; report what is found.

    A search that cannot be finished says so, and fails nothing: the checks have said what they found.
    """
    own, failed = checks[0], {check.name for check in checks if check.status == "failed"}
    probe = _probe_index(runs, next((check for check in checks if check.status == "failed"), own))
    root = runs.loaded.module
    rows = () if root is None else module_rows(root)
    try:
        layers = layer_errors(runs, probe, context)
        if "coreml.float32" in failed or (failed and recipe.coreml.precision == "float32"):
            for diagnostic in _first_wrong_layer(layers):
                context.report(diagnostic)
        suggestion = None
        if recipe.coreml.precision == "float16" and not recipe.coreml.compression:
            # With a wrong program there is nothing to search for: float32 does not help it.
            limit = _limit_db(own, recipe) if failed == {"coreml"} else None
            found = explain_half_precision(runs, probe, rows, limit, verify, context)
            for diagnostic in found.diagnostics:
                context.report(diagnostic)
            suggestion = found.suggestion
    except ExportDeskError as error:
        context.report(
            Diagnostic(
                code="check.no-reasons",
                severity=Severity.NOTE,
                message=f"What the error comes from could not be found out: {error.failure.message}",
            )
        )
        return Reasons()
    return Reasons(layers, suggestion)


def _probe_index(runs: PackageRuns, check: Check) -> int:
    for index in runs.answered:
        if runs.expected[index].description == check.probe:
            return index
    return runs.answered[0]


def _limit_db(check: Check, recipe: Recipe) -> float:
    """Return what the check was held to: the recipe's limit, or the one in its text."""
    if recipe.checks.coreml_psnr_db is not None:
        return recipe.checks.coreml_psnr_db
    words = (check.threshold or "").split()
    try:
        return float(words[2])
    except (IndexError, ValueError):
        return FLOAT16_PSNR_DB if check.psnr_db is None else LOWEST_PSNR_DB


def _first_wrong_layer(layers: Sequence[LayerError]) -> list[Diagnostic]:
    """Return a diagnostic of the first module whose float32 result is off while all before it are right."""
    before = 0.0
    for row in layers:
        error = row.float32_relative_error
        if error is None or (error > _LEAST and error > _JUMP * before):
            amount = "infinite or no number" if error is None else f"off by {error:.2g} of its range"
            return [
                Diagnostic(
                    code="check.first-wrong-layer",
                    severity=Severity.WARNING,
                    message=f"The Core ML program first goes wrong in {row.module or 'the model itself'} "
                    f"({row.type_name}): computed in float32, its {row.operation} “{row.value}” is {amount}.",
                    module=row.module,
                    file=row.file,
                    line=row.line,
                    hint="The layers before it agree with the model; look at how this one was converted.",
                    evidence=f"the largest error in the layers before it is {before:.2g}",
                )
            ]
        before = max(before, error)
    return []
