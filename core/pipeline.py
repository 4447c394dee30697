"""The pipeline: load, prepare inputs, compile, check, convert, check, write; the whole export of one recipe."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .bundle.place import check_place
from .bundle.samples import write_samples
from .bundle.write import read_checksums, write_bundle
from .checks.coreml import PackageVerdict
from .checks.outcome import check_outcome
from .checks.probes import eager_answers
from .checks.verdict import Expected, not_run
from .coreml.rules import check_early
from .errors import ExportDeskError
from .events import AnyEvent
from .inputs.nested import flatten
from .job_context import JobContext
from .model_file.loading import LoadedModel, load_model, model_path
from .model_file.read_files import files_read
from .model_file.user_imports import user_imports
from .recipe.document import read_recipe
from .recipe.model import Recipe
from .results import CoreMLSummary, ExportResult
from .staged_files import staged_folder, staging_beside
from .stages.coreml_lane import ConversionSource, CoreMLOutcome, convert_and_save
from .stages.kept_export import KeptExport, KeptLane, KeptPackage, LastExport, content_marks, written_files
from .stages.kept_package import take_over_package
from .stages.lane import LaneMade, LaneStage
from .stages.other_lane import offer_other_lane
from .stages.prepared import Prepared, prepare_inputs
from .stages.script_lane import ScriptRun
from .torchscript.clean_process import warm_clean_process
from .torchscript.compile import EntryCompiler
from .torchscript.marks import modes
from .torchscript.script_file import file_stem
from .torchscript.tracer_warnings import warnings_as_diagnostics


def export(
    recipe: Recipe | Path | str, out: Path | str, on_event: Callable[[AnyEvent], None] | None = None
) -> ExportResult:
    """Run a recipe in this process and write its bundle to ``out``.

    Args:
        recipe: a recipe, or the path of one; paths in a recipe are relative to its folder (for a Recipe object, to
            the working directory).
        out: folder of the bundle; empty, absent or an earlier bundle, which is replaced only once all is whole.
        on_event: called with each event of the job as it happens.

    Raises:
        ExportDeskError: with a ``failure`` that says what, where and what to do. A numeric check that fails is no
            error: see ``ExportResult.checks`` and ``is_good``.
    """
    folder = Path.cwd()
    if not isinstance(recipe, Recipe):
        path = Path(recipe).resolve()
        recipe, folder = read_recipe(path), path.parent
    out = Path(out).resolve()
    context = JobContext(emit=on_event or (lambda event: None))
    return run_export(recipe, folder, out, staging_beside(out), context)


def run_export(
    recipe: Recipe, folder: Path, out: Path, staging: Path, context: JobContext, last: LastExport | None = None
) -> ExportResult:
    """Run the pipeline; nothing is left at ``staging``, and ``out`` is untouched unless everything was written.

    Args:
        last: of this process; what of it cannot have changed is taken over, and said to be kept.
    """
    check_place(out)
    if recipe.coreml.enabled:
        check_early(recipe.inputs, recipe.coreml)
    context.acknowledged = recipe.acknowledged
    started_ns = time.time_ns()
    warm_clean_process()
    file = model_path(recipe, folder)
    with user_imports(file), files_read() as read:
        with context.stage("load"):
            loaded = load_model(recipe, folder)
        with context.stage("inputs"):
            prepared = prepare_inputs(loaded, recipe, folder)
            kept = None if last is None else last.matching(recipe, folder, loaded, prepared)
        if kept is not None:
            loaded, prepared = kept.loaded, kept.prepared
        task = _Task(
            recipe=recipe, folder=folder, out=out, loaded=loaded, prepared=prepared, kept=kept, context=context
        )
        try:
            run = KeptLane(kept, out, context) if kept is not None else _compile(loaded, prepared, recipe, context)
            with staged_folder(out, staging) as bundle:
                export = _write_and_check(task, run, bundle)
        except ExportDeskError as error:
            offer_other_lane(error, loaded, prepared, recipe, folder, context)
            raise
        read.note(str(file))
        read.note_imported()
        if last is not None and (marks := content_marks(read.outside(out, staging), started_ns)) is not None:
            last.keep(
                replace(export.kept, files_read=marks, files_written=written_files(out), checksums=read_checksums(out))
            )
        return export.result


def _compile(loaded: LoadedModel, prepared: Prepared, recipe: Recipe, context: JobContext) -> LaneStage:
    clean = warm_clean_process()
    if recipe.lane == "torch.export":
        from .stages.export_lane import ExportRun, export_methods

        with context.stage("eager"):
            expected = _eager(loaded, prepared, context, count=None)
        with context.stage("compile"):
            exported = export_methods(loaded, prepared, recipe, context)
        return ExportRun(loaded, prepared, expected, exported, recipe, clean, context)
    with context.stage("inputs"):
        compiler = EntryCompiler(loaded, dict(recipe.marks), recipe.torchscript, context)
    with (
        context.stage("eager"),
        compiler.recording(),
        warnings_as_diagnostics(loaded.module, context.report, fallback_module=""),
    ):
        # Without calls to record, the other probes can wait until a clean process runs the file beside this one.
        needs_all = compiler.needs_every_call or prepared.has_own_rows
        expected = _eager(loaded, prepared, context, count=None if needs_all else 1)
    with context.stage("compile"):
        entry = compiler.compile({m: prepared.method_example(m, expected[m]) for m in loaded.methods})
    return ScriptRun(loaded, prepared, expected, entry, recipe, clean, context)


def _eager(
    loaded: LoadedModel, prepared: Prepared, context: JobContext, *, count: int | None
) -> dict[str, tuple[Expected, ...]]:
    rows = prepared.all_probes.items()
    return {method: eager_answers(loaded, method, probes[:count], context) for method, probes in rows}


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What is exported, and where to."""

    recipe: Recipe
    folder: Path
    out: Path
    loaded: LoadedModel
    prepared: Prepared
    kept: KeptExport | None
    context: JobContext


@dataclass(frozen=True, kw_only=True)
class _Written:
    result: ExportResult
    kept: KeptExport
    """For the export after this one; its files are still to be told."""


def _write_and_check(task: _Task, run: LaneStage, bundle: Path) -> _Written:
    recipe, prepared, context = task.recipe, task.prepared, task.context
    stem = bundle / file_stem(task.loaded.entry or task.loaded.file.stem)
    run.start(stem)
    of_lane = context.diagnostics
    source = ConversionSource(
        entry=run.entry,
        bindings=prepared.bindings,
        examples={method: rows[0].arguments for method, rows in prepared.probes.items()},
        output_paths={m: tuple(path for path, _ in flatten(rows[0].output)) for m, rows in run.expected.items()},
        folder=task.folder,
    )
    package = _converted(task, source, stem) if recipe.coreml.enabled else None
    made = run.finish()
    answers = {method: made.expected[method][: len(rows)] for method, rows in prepared.probes.items()}
    verdict = PackageVerdict(checks=()) if package is None else _judged(task, package, source, answers)
    with context.stage("write"):
        result = _written(task, made, package, verdict, answers, bundle)
    kept_package = None
    if package is not None and package.outcome.package is not None:
        kept_package = replace(package, verdict=verdict, diagnostics=context.diagnostics[len(of_lane) :])
    kept = KeptExport(
        recipe=recipe,
        folder=task.folder,
        loaded=task.loaded,
        prepared=prepared,
        made=made,
        diagnostics=of_lane,
        package=kept_package,
        out=task.out,
    )
    return _Written(result=result, kept=kept)


def _converted(task: _Task, source: ConversionSource, stem: Path) -> KeptPackage:
    """Convert, or take over the package of the export before; its verdict too, where no check is another."""
    recipe, context = task.recipe, task.context
    with context.stage("convert"):
        earlier = take_over_package(task.kept, source, recipe, stem.parent, task.out, context)
        return earlier or KeptPackage(
            outcome=convert_and_save(source=source, recipe=recipe, stem=stem, context=context),
            verdict=None,
            diagnostics=(),
        )


def _judged(
    task: _Task, package: KeptPackage, source: ConversionSource, answers: Mapping[str, Sequence[Expected]]
) -> PackageVerdict:
    if package.outcome.package is None:
        return PackageVerdict(checks=(not_run("coreml", package.outcome.reason),))
    with task.context.stage("check-coreml"):
        return package.verdict or check_outcome(
            package.outcome, source, task.loaded, task.prepared.probes, answers, task.recipe, task.context
        )


def _written(
    task: _Task,
    made: LaneMade,
    package: KeptPackage | None,
    verdict: PackageVerdict,
    answers: Mapping[str, Sequence[Expected]],
    bundle: Path,
) -> ExportResult:
    outcome = CoreMLOutcome() if package is None else package.outcome
    files = dict(made.files) | ({} if outcome.package is None else {"coreml": outcome.package.name})
    result = ExportResult(
        out=str(task.out),
        files={kind: str(task.out / name) for kind, name in files.items()} | {"recipe": str(task.out / "recipe.toml")},
        checks=(*made.checks, *verdict.checks),
        diagnostics=task.context.diagnostics,
        seconds=task.context.seconds,
        kept=task.context.kept,
        recipe=task.recipe,
        modes=_modes(task.loaded, task.recipe),
        coreml=outcome.summary,
        layers=verdict.layers,
        float32_suggestion=verdict.suggestion,
    )
    sampled = next((item for item in outcome.functions if item.method), None)
    method = (None if sampled is None else sampled.method) or task.loaded.methods[0]
    function = None if sampled is None else sampled.name
    names = _output_names(outcome.summary, function)
    samples = write_samples(bundle, task.prepared.probes[method], answers[method], names, verdict.gates)
    known = None if task.kept is None else task.kept.known_checksums(bundle)
    return write_bundle(result, bundle, task.folder, samples=samples, method=method, function=function, known=known)


def _modes(loaded: LoadedModel, recipe: Recipe) -> dict[str, str]:
    """Return how each module was compiled; in the lane of torch.export there are no modes."""
    if loaded.module is None or loaded.is_script or recipe.lane != "torchscript":
        return {}
    return dict(modes(loaded.module, dict(recipe.marks)))


def _output_names(summary: CoreMLSummary | None, function: str | None) -> list[str]:
    if summary is None:
        return []
    features = next((item.outputs for item in summary.functions if item.name == function), summary.outputs)
    return [item.name for item in features]
