"""The job behind *What if*: a bundle's package compressed in several ways; what each saves, and what it costs."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .bundle.package_samples import PackageSamples
from .bundle.place import is_bundle
from .checks.compare import Unlike
from .checks.coreml import COMPRESSED_PSNR_DB
from .coreml.compressed_copy import compressed_copy, compressible_weights
from .coreml.rules import IOS18, check_options, specification_version
from .errors import ExportDeskError, fail
from .job_context import JobContext
from .mil.package import read_package
from .recipe.compression_text import steps_text
from .recipe.document import read_recipe
from .recipe.model import CoreML, CoreMLCompression, Recipe
from .requests import TryCompression
from .results import CompressionReport, CompressionTrial, WeightSensitivity

_MOST_WEIGHTS = 24
"""Each is a compression and a run of its own; the largest come first."""

Steps = tuple[CoreMLCompression, ...]


@dataclass(frozen=True, kw_only=True)
class _Case:
    recipe: Recipe
    samples: PackageSamples
    limit_db: float


def try_compression(request: TryCompression, context: JobContext) -> CompressionReport:
    """Compress a bundle's package in each way asked for, run each result on the bundle's samples, and compare.

    The bundle stays as it is. A choice that fails, or that the deployment target cannot have, says so in its row.

    Raises:
        ExportDeskError: ``call.bundle``, ``call.compressed``.
    """
    case = _case(Path(request.bundle))
    choices = request.choices or default_choices(case.recipe.coreml)
    with context.stage("as it is"):
        trials = [_trial(case, (), case.samples.package, seconds=0.0)]
    with context.stage("compress"):
        for index, steps in enumerate(choices):
            context.progress(index / len(choices), steps_text(steps))
            trials.append(_tried(case, steps, context))
    layers: tuple[WeightSensitivity, ...] = ()
    if request.layers_of:
        with context.stage("layers"):
            layers = _sensitivities(case, request.layers_of, context)
    good = [trial for trial in trials[1:] if trial.is_good]
    smallest = min(good, key=lambda trial: trial.size_bytes, default=None)
    return CompressionReport(
        bundle=request.bundle,
        trials=tuple(trials),
        limit_db=case.limit_db,
        samples=len(case.samples),
        smallest_good=None if smallest is None else smallest.label,
        layers_of=steps_text(request.layers_of) if request.layers_of else None,
        layers=layers,
        recipe=case.recipe,
    )


def default_choices(options: CoreML) -> tuple[Steps, ...]:
    """Return the choices that are worth trying for a deployment target."""
    quantized = CoreMLCompression(method="quantize")
    pruned = CoreMLCompression(method="prune", sparsity=0.5)
    tables = [CoreMLCompression(method="palettize", bits=bits, granularity="tensor") for bits in (8, 6, 4, 2)]
    choices: list[Steps] = [(quantized,), *((step,) for step in tables), (pruned,)]
    if specification_version(options) >= IOS18:
        choices += [
            (CoreMLCompression(method="quantize", bits=4, granularity="block"),),
            (CoreMLCompression(method="palettize", bits=4, granularity="group"),),
            (CoreMLCompression(method="palettize", bits=3, granularity="group"),),
            (pruned, quantized),
            (pruned, tables[2]),
        ]
    return tuple(choices)


def _case(folder: Path) -> _Case:
    if not is_bundle(folder):
        fail("call.bundle", f"{folder} is not a bundle.", file=str(folder), hint="Name what `exportdesk export` wrote.")
    recipe = read_recipe(folder / "recipe.toml")
    if recipe.coreml.compression:
        fail(
            "call.compressed",
            "The bundle's weights are compressed already.",
            file=str(folder),
            hint="Export without compression first, and try from there.",
        )
    limit = recipe.checks.coreml_psnr_db
    limit_db = COMPRESSED_PSNR_DB if limit is None else limit
    return _Case(recipe=recipe, samples=PackageSamples(folder, recipe), limit_db=limit_db)


def _tried(case: _Case, steps: Steps, context: JobContext) -> CompressionTrial:
    started = time.perf_counter()
    try:
        check_options(msgspec.structs.replace(case.recipe.coreml, compression=steps))
        with compressed_copy(case.samples.package, steps, context) as (package, count):
            seconds = time.perf_counter() - started
            return _trial(case, steps, package, seconds=seconds, compressed=count)
    except ExportDeskError as error:
        return CompressionTrial(label=steps_text(steps), steps=steps, problem=error.failure.message)


def _trial(case: _Case, steps: Steps, package: Path, *, seconds: float, compressed: int = 0) -> CompressionTrial:
    size = sum(file.stat().st_size for file in package.rglob("*") if file.is_file())
    started = time.perf_counter()
    try:
        worst = case.samples.compare(package)
    except Unlike as unlike:
        return CompressionTrial(label=steps_text(steps), steps=steps, size_bytes=size, problem=str(unlike))
    return CompressionTrial(
        label=steps_text(steps),
        steps=steps,
        size_bytes=size,
        compressed_weights=compressed,
        psnr_db=_finite(worst.psnr_db),
        max_absolute_error=_finite(worst.absolute),
        max_relative_error=_finite(worst.relative),
        seconds=seconds,
        run_seconds=time.perf_counter() - started,
        is_good=worst.psnr_db >= case.limit_db,
    )


def _sensitivities(case: _Case, steps: Steps, context: JobContext) -> tuple[WeightSensitivity, ...]:
    """Compress one weight at a time, the largest first, and tell what that alone costs."""
    package = case.samples.package
    smallest = max(step.smallest for step in steps)
    weights = compressible_weights(package, smallest)[:_MOST_WEIGHTS]
    modules = _modules_reading(package)
    rows = []
    for index, (name, elements) in enumerate(weights):
        context.progress(index / len(weights), name)
        row = WeightSensitivity(weight=name, module=modules.get(name), elements=elements)
        try:
            with compressed_copy(package, steps, context, only=name) as (made, count):
                worst = case.samples.compare(made)
            row = msgspec.structs.replace(row, psnr_db=_finite(worst.psnr_db), is_compressed=count > 0)
        except (ExportDeskError, Unlike) as error:
            problem = error.failure.message if isinstance(error, ExportDeskError) else str(error)
            row = msgspec.structs.replace(row, problem=problem)
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: math.inf if row.psnr_db is None else row.psnr_db))


def _modules_reading(package: Path) -> dict[str, str]:
    """Return, for each constant, the submodule of the first operation that reads it."""
    found: dict[str, str] = {}
    for function in read_package(package).program.functions.values():
        for operation in function.body.operations:
            for bindings in operation.inputs.values():
                for binding in bindings:
                    if isinstance(binding, str) and operation.module is not None:
                        found.setdefault(binding, operation.module)
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
