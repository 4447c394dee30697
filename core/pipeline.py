"""The pipeline: load, prepare inputs, compile, check, convert, check, write; the whole export of one recipe."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .bundle.place import check_place
from .bundle.samples import write_samples
from .bundle.write import write_bundle
from .checks.coreml import PackageVerdict
from .checks.outcome import check_outcome
from .checks.probes import Probe, eager_answers, without_unrepeatable
from .checks.torchscript import ReloadedCheck, check_compiled, not_reloaded
from .checks.verdict import Expected, not_run
from .coreml.app_view import through_pixels
from .coreml_lane import ConversionSource, CoreMLOutcome, convert_and_save
from .errors import fail
from .events import AnyEvent
from .inputs.binding import Binding, bind
from .inputs.nested import flatten
from .inputs.values import Variation, has_flexible_inputs, make_arguments, probe_variations
from .job_context import JobContext
from .model_file.loading import LoadedModel, load_model, model_path
from .model_file.suggested import suggested_inputs
from .model_file.user_imports import user_imports
from .recipe.document import read_recipe
from .recipe.model import Input, Recipe
from .results import Check, CoreMLSummary, ExportResult
from .staged_files import staged_folder, staging_beside
from .torchscript.audit.run import audit
from .torchscript.clean_process import CleanProcess, warm_clean_process
from .torchscript.compile import CompiledEntry, EntryCompiler, MethodExample
from .torchscript.marks import modes
from .torchscript.script_file import file_stem, save_compiled
from .torchscript.tracer_warnings import warnings_as_diagnostics

_PROBES_IN_MEMORY = 1


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


def run_export(recipe: Recipe, folder: Path, out: Path, staging: Path, context: JobContext) -> ExportResult:
    """Run the pipeline; nothing is left at ``staging``, and ``out`` is untouched unless everything was written."""
    check_place(out)
    if recipe.lane != "torchscript":
        fail("recipe.lane", f"The lane {recipe.lane!r} is not there yet.", hint='Use lane = "torchscript".')
    context.acknowledged = recipe.acknowledged
    clean = warm_clean_process()
    file = model_path(recipe, folder)
    with user_imports(file):
        with context.stage("load"):
            loaded = load_model(recipe, folder)
        with context.stage("inputs"):
            prepared = prepare_inputs(loaded, recipe, folder)
            compiler = EntryCompiler(loaded, dict(recipe.marks), recipe.torchscript, context)
        with (
            context.stage("eager"),
            compiler.recording(),
            warnings_as_diagnostics(loaded.module, context.report, fallback_module=""),
        ):
            expected = {m: eager_answers(loaded, m, rows, context) for m, rows in prepared.all_probes.items()}
        with context.stage("compile"):
            entry = compiler.compile({m: prepared.method_example(m, expected[m]) for m in loaded.methods})
        with staged_folder(out, staging) as bundle:
            return _write_and_check(loaded, prepared, expected, entry, recipe, bundle, out, folder, clean, context)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    bindings: Mapping[str, Binding]
    probes: Mapping[str, Sequence[Probe]]
    check_probes: Mapping[str, Sequence[Probe]]
    """The check inputs of the recipe, on which TorchScript is compared as well."""

    @property
    def all_probes(self) -> dict[str, list[Probe]]:
        return {method: [*rows, *self.check_probes[method]] for method, rows in self.probes.items()}

    def method_example(self, method: str, expected: Sequence[Expected]) -> MethodExample:
        """Return what the compiler needs to know of one method."""
        names = [item.name for item in self.bindings[method].positional]
        calls = [probe.arguments for probe in self.probes[method]]
        checks = [probe.arguments for probe in self.check_probes[method]]
        return MethodExample(calls=calls, names=names, output=expected[0].output, check_calls=checks)


def prepare_inputs(loaded: LoadedModel, recipe: Recipe, folder: Path) -> _Prepared:
    """Bind the recipe's inputs to each exported method and make its probes, the example first.

    Raises:
        ExportDeskError: ``call.input``, ``call.sample``.
    """
    bindings: dict[str, Binding] = {}
    probes: dict[str, list[Probe]] = {}
    check_probes: dict[str, list[Probe]] = {}
    for method in loaded.methods:
        inputs = _inputs_of(recipe.inputs, loaded, method)
        place = _place_of(loaded, method)
        bindings[method] = bind(
            loaded.signature(method),
            inputs,
            loaded.entry or loaded.file.name,
            suggestions=partial(suggested_inputs, loaded, recipe.model.arguments, method),
            file=place[0],
            line=place[1],
        )
        variations = probe_variations(
            recipe.checks.seed, recipe.checks.probes, is_flexible=has_flexible_inputs(bindings[method])
        )
        names = tuple(item.name for item in bindings[method].inputs)
        probes[method] = []
        for variation in variations:
            arguments = make_arguments(bindings[method], variation, folder=folder, device=recipe.model.device)
            arguments = through_pixels(arguments, names, recipe.coreml)
            probes[method].append(Probe(variation=variation, arguments=arguments, names=names))
        check_probes[method] = _check_probes(loaded, recipe, method, inputs, folder)
    strangers = [item for item in recipe.inputs if item.method is not None and item.method not in loaded.methods]
    if strangers:
        fail(
            "call.input",
            f"The input {strangers[0].name!r} belongs to the method {strangers[0].method!r}, which is not exported.",
            hint=f"Exported: {', '.join(loaded.methods)}.",
        )
    return _Prepared(bindings=bindings, probes=probes, check_probes=check_probes)


def _inputs_of(inputs: Sequence[Input], loaded: LoadedModel, method: str) -> list[Input]:
    """Return the inputs of one method; of several methods, one without a name of its own goes where it has a place."""
    own = {item.name: item for item in inputs if item.method == method}
    shared = [item for item in inputs if item.method is None and item.name not in own]
    if len(loaded.methods) > 1:
        parameters = loaded.signature(method).parameters
        shared = [item for item in shared if item.name in parameters]
    return [*shared, *own.values()]


def _check_probes(
    loaded: LoadedModel, recipe: Recipe, method: str, inputs: Sequence[Input], folder: Path
) -> list[Probe]:
    probes = []
    for index, row in enumerate(recipe.torchscript.check_inputs):
        others = {item.name: item for item in inputs} | {
            item.name: item for item in _inputs_of(row.inputs, loaded, method)
        }
        label = f"check input {row.name or index + 1}"
        binding = bind(loaded.signature(method), list(others.values()), f"{loaded.entry} ({label})")
        variation = Variation(seed=recipe.checks.seed + 10_000 + index, label=label)
        arguments = make_arguments(binding, variation, folder=folder, device=recipe.model.device)
        probes.append(Probe(variation=variation, arguments=arguments, names=tuple(i.name for i in binding.inputs)))
    return probes


def _place_of(loaded: LoadedModel, method: str) -> tuple[str | None, int | None]:
    target = loaded.function if loaded.module is None else getattr(loaded.module, method)
    code = getattr(target, "__code__", None) or getattr(getattr(target, "__func__", None), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else (str(loaded.file), None)


def _write_and_check(
    loaded: LoadedModel,
    prepared: _Prepared,
    expected: Mapping[str, Sequence[Expected]],
    entry: CompiledEntry,
    recipe: Recipe,
    bundle: Path,
    out: Path,
    folder: Path,
    clean: CleanProcess,
    context: JobContext,
) -> ExportResult:
    stem = file_stem(loaded.entry or loaded.file.stem)
    script_file = bundle / f"{stem}.pt"
    tolerance = recipe.torchscript.check_tolerance
    with context.stage("save"):
        save_compiled(entry.compiled, script_file)
    reloaded: ReloadedCheck | None = None
    if recipe.model.device == "cpu":
        with context.stage("check-reloaded"):
            reloaded = ReloadedCheck(clean, script_file, entry, prepared.all_probes)
    with context.stage("check-torchscript"):
        # The same graph is run on all probes from its file, beside the conversion; here, on the first ones.
        most = _PROBES_IN_MEMORY if reloaded is not None else None
        in_memory = check_compiled(entry, prepared.all_probes, expected, tolerance, context, most=most)
    with context.stage("audit"):
        for method, probes in prepared.probes.items():
            is_repeatable = expected[method][0].problem is None
            audit(loaded, entry, method, probes[0].arguments, recipe, context, is_repeatable=is_repeatable)
    of_probes = {method: expected[method][: len(rows)] for method, rows in prepared.probes.items()}
    files = {"torchscript": script_file.name}
    coreml: CoreMLOutcome | None = None
    source = ConversionSource(
        compiled=entry.compiled,
        traced=entry.forms,
        bindings=prepared.bindings,
        examples={method: rows[0].arguments for method, rows in prepared.probes.items()},
        output_paths={m: tuple(path for path, _ in flatten(rows[0].output)) for m, rows in expected.items()},
        folder=folder,
    )
    if recipe.coreml.enabled:
        with context.stage("convert"):
            coreml = convert_and_save(source=source, recipe=recipe, stem=bundle / stem, context=context)
    with context.stage("check-reloaded"):
        if reloaded is None:
            from_file = not_reloaded(loaded.methods, f"the model is on {recipe.model.device}")
        else:
            from_file = reloaded.result(expected, tolerance)
            if any(check.status == "failed" for check in from_file):
                rows = prepared.all_probes
                expected = {m: without_unrepeatable(loaded, m, rows[m], answers) for m, answers in expected.items()}
                of_probes = {m: answers[: len(prepared.probes[m])] for m, answers in expected.items()}
                from_file = reloaded.result(expected, tolerance)
                # Is it the file, or the model that was saved? All probes tell.
                in_memory = check_compiled(entry, prepared.all_probes, expected, tolerance, context)
    checks: list[Check] = [*in_memory, *from_file]
    verdict = PackageVerdict(checks=())
    if coreml is not None and coreml.package is None:
        checks.append(not_run("coreml", coreml.reason))
    elif coreml is not None and coreml.package is not None:
        files["coreml"] = coreml.package.name
        with context.stage("check-coreml"):
            verdict = check_outcome(coreml, source, loaded, prepared.probes, of_probes, recipe, context)
            checks += verdict.checks
    with context.stage("write"):
        result = ExportResult(
            out=str(out),
            files={kind: str(out / name) for kind, name in files.items()} | {"recipe": str(out / "recipe.toml")},
            checks=tuple(checks),
            diagnostics=context.diagnostics,
            seconds=context.seconds,
            recipe=recipe,
            modes={} if loaded.module is None or loaded.is_script else modes(loaded.module, dict(recipe.marks)),
            coreml=coreml.summary if coreml is not None else None,
            layers=verdict.layers,
            float32_suggestion=verdict.suggestion,
        )
        sampled = None if coreml is None else next((item for item in coreml.functions if item.method), None)
        method = (None if sampled is None else sampled.method) or loaded.methods[0]
        function = None if sampled is None else sampled.name
        output_names = _output_names(result.coreml, function)
        samples = write_samples(bundle, prepared.probes[method], of_probes[method], output_names)
        return write_bundle(result, bundle, folder, samples=samples, method=method, function=function)


def _output_names(summary: CoreMLSummary | None, function: str | None) -> list[str]:
    if summary is None:
        return []
    features = next((item.outputs for item in summary.functions if item.name == function), summary.outputs)
    return [item.name for item in features]
