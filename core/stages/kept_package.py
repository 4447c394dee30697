"""The Core ML package of the export before, taken over where only names and texts have changed."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec

from ..job_context import JobContext
from ..recipe.model import CoreML, Recipe
from .coreml_lane import ConversionSource, outputs_of
from .kept_export import KeptExport, KeptPackage, program_part


def take_over_package(
    kept: KeptExport | None, source: ConversionSource, recipe: Recipe, bundle: Path, out: Path, context: JobContext
) -> KeptPackage | None:
    """Put the earlier package into the bundle, with the recipe's names of outputs and metadata, or return None.

    What is returned has no verdict where the recipe asks for other checks than were run.

    Raises:
        ExportDeskError: ``recipe.*`` for names and metadata that Core ML cannot have.
    """
    if kept is None or kept.package is None or importlib.util.find_spec("coremltools") is None:
        return None
    from ..coreml.retouch import retouch
    from ..coreml.rules import check_inputs, check_options
    from ..coreml.summary import retouched

    package, before = kept.package, kept.recipe.coreml
    assert package.outcome.package is not None
    name = Path(package.outcome.package.name)
    functions = package.outcome.functions
    if recipe.coreml.convert_to != "mlprogram" or not kept.has(name):
        return None
    named = [_with_outputs(options, source, functions[0].method) for options in (before, recipe.coreml)]
    if program_part(named[0]) != program_part(named[1]):
        return None
    check_options(recipe.coreml)
    if functions[0].method is not None and not recipe.coreml.functions:
        check_inputs(source.inputs(functions[0].method), recipe.coreml)
    kept.take_over(name, bundle, out)
    names = dict(zip(*([output.name for output in options.outputs if output.keep] for options in named), strict=True))
    if not retouch(bundle / name, names, before.metadata, recipe.coreml.metadata):
        shutil.rmtree(bundle / name)
        return None
    has_same_checks = kept.recipe.checks == recipe.checks
    context.keep(("convert", "check-coreml") if has_same_checks else ("convert",), package.diagnostics)
    summary = package.outcome.summary
    outcome = replace(
        package.outcome,
        package=bundle / name,
        summary=summary and retouched(summary, bundle / name, names, recipe.coreml.metadata),
        functions=functions
        if recipe.coreml.functions
        else tuple(replace(function, options=recipe.coreml) for function in functions),
    )
    return replace(package, outcome=outcome, verdict=package.verdict if has_same_checks else None)


def _with_outputs(options: CoreML, source: ConversionSource, method: str | None) -> CoreML:
    """Return the options with the outputs spelled out that the conversion gives them."""
    if options.functions or method is None:
        return options
    return msgspec.structs.replace(options, outputs=outputs_of(source, method, options))
