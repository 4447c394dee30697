"""Every function of the package that an export has made, checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import msgspec

from ..diagnostics import Diagnostic, Severity
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import CoreML, Recipe
from ..results import Check
from ..stages.coreml_lane import ConversionSource, ConvertedFunction, CoreMLOutcome, convert_method
from .coreml import PackageVerdict, check_package
from .probes import Probe
from .sample_gates import SampleGate
from .states import check_states
from .verdict import Expected


def check_outcome(
    outcome: CoreMLOutcome,
    source: ConversionSource,
    loaded: LoadedModel,
    probes: Mapping[str, Sequence[Probe]],
    expected: Mapping[str, Sequence[Expected]],
    recipe: Recipe,
    context: JobContext,
) -> PackageVerdict:
    """Compare each function with its method of the model, or with the package that it came from.

    What failed checks come from is told of the first function of which something is found. The gates are those of the
    first that a method was converted for, whose probes are the bundle's samples.
    """
    assert outcome.package is not None
    checks: list[Check] = []
    found = PackageVerdict(checks=())
    gates: Mapping[int, SampleGate] | None = None
    for function in outcome.functions:
        verdict = _verdict(function, outcome.package, source, loaded, probes, expected, recipe, context)
        checks += (_renamed(check, function.name) for check in verdict.checks)
        if gates is None and function.method is not None:
            gates = verdict.gates
        if not (found.layers or found.suggestion):
            found = verdict
    checks += lost_control_flow(context.diagnostics)
    return PackageVerdict(checks=tuple(checks), layers=found.layers, suggestion=found.suggestion, gates=gates or {})


def lost_control_flow(diagnostics: Sequence[Diagnostic]) -> list[Check]:
    """Return a failed check where the converter lost a branch or loop: probes need not take the way that is gone."""
    lost = [row for row in diagnostics if row.code == "convert.control-flow" and row.severity is Severity.ERROR]
    return [Check(name="coreml.control-flow", status="failed", reason=row.message) for row in lost[:1]]


def _verdict(
    function: ConvertedFunction,
    package: Path,
    source: ConversionSource,
    loaded: LoadedModel,
    probes: Mapping[str, Sequence[Probe]],
    expected: Mapping[str, Sequence[Expected]],
    recipe: Recipe,
    context: JobContext,
) -> PackageVerdict:
    method = function.method
    if method is None:
        from .joined_functions import check_joined

        assert function.origin is not None
        assert function.name is not None
        check = check_joined(package, function.name, function.origin, function.source, recipe.checks.seed, context)
        return PackageVerdict(checks=(check,))
    own = msgspec.structs.replace(recipe, coreml=function.options)
    if function.options.states:
        check = check_states(package, loaded, method, probes[method], own, context, function.name)
        return PackageVerdict(checks=(check,))
    with TemporaryDirectory(prefix="exportdesk-") as scratch:

        def convert_again(options: CoreML) -> Path:
            stem = Path(mkdtemp(dir=scratch)) / "again"
            return convert_method(source, method, options, stem, context.quiet())

        return check_package(
            package,
            loaded,
            method,
            probes[method],
            expected[method],
            own,
            context,
            convert_again,
            source.compiled,
            function.name,
        )


def _renamed(check: Check, function: str | None) -> Check:
    if function is None:
        return check
    return msgspec.structs.replace(check, name=check.name.replace("coreml", f"coreml.{function}", 1))
