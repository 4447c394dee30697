"""The pipeline: load, prepare inputs, compile, check, convert, check, write; the whole export of one recipe."""

import time
from collections.abc import Callable
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
from .stages.lane import LaneStage
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
        try:
            run = KeptLane(kept, out, context) if kept is not None else _compile(loaded, prepared, recipe, context)
            with staged_folder(out, staging) as bundle:
                export = _write_and_check(loaded, prepared, run, kept, recipe, bundle, out, folder, context)
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
class _Written:
    result: ExportResult
    kept: KeptExport
    """For the export after this one; its files are still to be told."""


def _write_and_check(
    loaded: LoadedModel,
    prepared: Prepared,
    run: LaneStage,
    kept: KeptExport | None,
    recipe: Recipe,
    bundle: Path,
    out: Path,
    folder: Path,
    context: JobContext,
) -> _Written:
    stem = file_stem(loaded.entry or loaded.file.stem)
    run.start(bundle / stem)
    of_lane = context.diagnostics
    source = ConversionSource(
        entry=run.entry,
        bindings=prepared.bindings,
        examples={method: rows[0].arguments for method, rows in prepared.probes.items()},
        output_paths={m: tuple(path for path, _ in flatten(rows[0].output)) for m, rows in run.expected.items()},
        folder=folder,
    )
    earlier: KeptPackage | None = None
    outcome: CoreMLOutcome | None = None
    if recipe.coreml.enabled:
        with context.stage("convert"):
            earlier = take_over_package(kept, source, recipe, bundle, out, context)
            outcome = (
                earlier.outcome
                if earlier
                else convert_and_save(source=source, recipe=recipe, stem=bundle / stem, context=context)
            )
    made = run.finish()
    answers = {method: made.expected[method][: len(rows)] for method, rows in prepared.probes.items()}
    files = dict(made.files)
    verdict = PackageVerdict(checks=())
    if outcome is not None and outcome.package is None:
        verdict = PackageVerdict(checks=(not_run("coreml", outcome.reason),))
    elif outcome is not None and outcome.package is not None:
        files["coreml"] = outcome.package.name
        with context.stage("check-coreml"):
            known = None if earlier is None else earlier.verdict
            verdict = known or check_outcome(outcome, source, loaded, prepared.probes, answers, recipe, context)
    with context.stage("write"):
        summary = None if outcome is None else outcome.summary
        result = ExportResult(
            out=str(out),
            files={kind: str(out / name) for kind, name in files.items()} | {"recipe": str(out / "recipe.toml")},
            checks=(*made.checks, *verdict.checks),
            diagnostics=context.diagnostics,
            seconds=context.seconds,
            kept=context.kept,
            recipe=recipe,
            modes=_modes(loaded, recipe),
            coreml=summary,
            layers=verdict.layers,
            float32_suggestion=verdict.suggestion,
        )
        sampled = None if outcome is None else next((item for item in outcome.functions if item.method), None)
        method = (None if sampled is None else sampled.method) or loaded.methods[0]
        function = None if sampled is None else sampled.name
        names = _output_names(summary, function)
        samples = write_samples(bundle, prepared.probes[method], answers[method], names, verdict.gates)
        known_sums = None if kept is None else kept.known_checksums(bundle)
        result = write_bundle(
            result, bundle, folder, samples=samples, method=method, function=function, known=known_sums
        )
    package = None
    if outcome is not None and outcome.package is not None:
        of_package = context.diagnostics[len(of_lane) :]
        package = KeptPackage(outcome=outcome, verdict=verdict, diagnostics=of_package)
    return _Written(
        result=result,
        kept=KeptExport(
            recipe=recipe,
            folder=folder,
            loaded=loaded,
            prepared=prepared,
            made=made,
            diagnostics=of_lane,
            package=package,
            out=out,
        ),
    )


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
