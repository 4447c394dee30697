"""The job behind ``check``: is a bundle what was handed over, and does it give the numbers that it says?"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import torch

from ..checks.coreml import COMPRESSED_PSNR_DB, FLOAT16_PSNR_DB, FLOAT32_TOLERANCE
from ..checks.sample_gates import SampleGate, noted_gate
from ..checks.verdict import Expected, Gate, not_run, psnr_gate, relative_gate, verdict
from ..errors import ExportDeskError, fail
from ..inputs.nested import flatten
from ..job_context import JobContext
from ..recipe.document import read_recipe
from ..recipe.model import Recipe
from ..results import BundleCheck, Check
from ..torchscript.kept_state import state_kept
from ..torchscript.torch_jit import load
from .place import MANIFEST
from .samples import Sample, read_tensors
from .write import CHECKSUMS


def check_bundle(folder: Path, context: JobContext) -> BundleCheck:
    """Verify checksums, then run both artefacts on the samples. Nothing of the model's Python code is needed.

    Raises:
        ExportDeskError: ``call.bundle`` where the folder is no bundle, ``bundle.*`` where its own files are damaged.
    """
    if not (folder / CHECKSUMS).is_file() or not (folder / MANIFEST).is_file():
        fail(
            "call.bundle",
            f"{folder} is not a bundle: it has no {CHECKSUMS} or no {MANIFEST}.",
            file=str(folder),
            hint="Name the folder that `exportdesk export` wrote.",
        )
    with context.stage("checksums"):
        files = _compare_checksums(folder, context)
    wrong = [name for name, state in files.items() if state in ("changed", "missing")]
    checksums = Check(
        name="checksums",
        status="failed" if wrong else "passed",
        reason=f"not as handed over: {', '.join(wrong[:5])}" if wrong else None,
    )
    with context.stage("numbers"):
        checks = [checksums, *_check_numbers(folder, context)]
    return BundleCheck(bundle=str(folder), files=files, checks=tuple(checks))


def _compare_checksums(folder: Path, context: JobContext) -> dict[str, str]:
    states: dict[str, str] = {}
    for number, line in enumerate((folder / CHECKSUMS).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if len(digest) != 64 or not name or path.is_absolute() or ".." in path.parts or "\\" in name:
            fail("bundle.checksums", f"{CHECKSUMS} is damaged.", file=str(folder / CHECKSUMS), line=number)
        context.progress(None, name)
        file = folder / path
        if not file.is_file():
            states[name] = "missing"
            continue
        with file.open("rb") as content:
            states[name] = "ok" if hashlib.file_digest(content, "sha256").hexdigest() == digest else "changed"
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and name != CHECKSUMS:
            states.setdefault(name, "added")
    return states


class Manifest(msgspec.Struct):
    """What of the manifest is needed to run the artefacts."""

    files: dict[str, str]
    samples: tuple[Sample, ...] = ()
    method: str = "forward"
    function: str | None = None


def read_manifest(folder: Path) -> Manifest:
    """Read what a bundle says of its files and samples.

    Raises:
        ExportDeskError: ``bundle.manifest``.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        names = [*manifest.files.values(), *(name for s in manifest.samples for name in (s.inputs, s.outputs))]
        if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
            fail("bundle.manifest", f"{MANIFEST} names files outside the bundle.", file=str(folder / MANIFEST))
    except msgspec.DecodeError as error:
        fail("bundle.manifest", f"{MANIFEST} is damaged: {error}.", file=str(folder / MANIFEST), cause=error)
    return manifest


def _check_numbers(folder: Path, context: JobContext) -> list[Check]:
    manifest = read_manifest(folder)
    recipe = recipe_of_function(read_recipe(folder / "recipe.toml"), manifest.function)
    kinds = [kind for kind in ("torchscript", _exported_kind(manifest), "coreml") if kind in manifest.files]
    if not manifest.samples:
        return [not_run(kind, "the bundle has no samples") for kind in kinds]
    try:
        inputs = [read_tensors(folder / sample.inputs) for sample in manifest.samples]
        expected = [
            Expected(description=sample.description, output=list(read_tensors(folder / sample.outputs).values()))
            for sample in manifest.samples
        ]
    except Exception as error:
        return [not_run(kind, f"a sample cannot be read: {error}") for kind in kinds]
    runners = {"torchscript": _script_runner, "coreml": package_runner}
    return [
        _check(
            kind,
            folder / manifest.files[kind],
            runners.get(kind, _exported_runner),
            manifest,
            inputs,
            expected,
            recipe,
            context,
        )
        for kind in kinds
    ]


def _exported_kind(manifest: Manifest) -> str:
    """Return the kind of the exported program that the samples are of: there is one for each method."""
    own = f"exported.{manifest.method}"
    return own if own in manifest.files else "exported"


def recipe_of_function(recipe: Recipe, name: str | None) -> Recipe:
    """Return the recipe with the outputs of the function that the samples are of."""
    outputs = next((item.outputs for item in recipe.coreml.functions if item.name == name), recipe.coreml.outputs)
    return msgspec.structs.replace(recipe, coreml=msgspec.structs.replace(recipe.coreml, outputs=outputs))


Runner = Callable[[Path, Manifest, Recipe], Callable[[dict[str, torch.Tensor], Sample], Any]]


def _check(
    kind: str,
    file: Path,
    make_runner: Runner,
    manifest: Manifest,
    inputs: Sequence[dict[str, torch.Tensor]],
    expected: Sequence[Expected],
    recipe: Recipe,
    context: JobContext,
) -> Check:
    gate = relative_gate(recipe.torchscript.check_tolerance) if kind != "coreml" else _package_gate(recipe)
    actual: list[Any] = []
    try:
        run = make_runner(file, manifest, recipe)
    except ExportDeskError as error:
        return Check(name=kind, status="failed", reason=error.failure.message)
    except Exception as error:
        return Check(name=kind, status="failed", reason=f"{file.name} cannot be loaded: {str(error).strip()[:200]}")
    for tensors, sample in zip(inputs, manifest.samples, strict=True):
        context.progress(None, f"{file.name}, {sample.inputs}")
        try:
            actual.append(run(tensors, sample))
        except Exception as error:
            actual.append(error)
    if kind == "coreml":
        from ..coreml.app_view import kept_tensors

        expected = [replace(row, output=kept_tensors(row.output, recipe.coreml)) for row in expected]
        noted = [sample.gate for sample in manifest.samples if sample.gate is not None]
        if len(noted) == len(expected):
            return _by_noted_gates(expected, actual, noted)
    return verdict(kind, expected, actual, gate)


def _by_noted_gates(expected: Sequence[Expected], actual: Sequence[Any], noted: Sequence[SampleGate]) -> Check:
    """Judge the package as the export did; samples that rounding decides are left out."""
    paths = [path for path, _ in flatten(expected[0].output)]
    scales = {path: item.magnitude for gate in noted for path, item in zip(paths, gate.outputs, strict=False)}
    rows = [replace(row, problem=gate.decided_by_rounding) for row, gate in zip(expected, noted, strict=True)]
    return verdict("coreml", rows, actual, noted_gate(noted, paths), scales)


def _package_gate(recipe: Recipe) -> Gate:
    if recipe.coreml.compression:
        return psnr_gate(COMPRESSED_PSNR_DB)
    return psnr_gate(FLOAT16_PSNR_DB) if recipe.coreml.precision == "float16" else relative_gate(FLOAT32_TOLERANCE)


def _script_runner(file: Path, manifest: Manifest, recipe: Recipe) -> Callable[[dict[str, torch.Tensor], Sample], Any]:
    module = load(file)
    target = module if manifest.method == "forward" else getattr(module, manifest.method)

    def run(tensors: dict[str, torch.Tensor], sample: Sample) -> Any:
        positional = [value for name, value in tensors.items() if name not in sample.keyword]
        with torch.no_grad(), state_kept(module):
            return target(*positional, **{name: tensors[name] for name in sample.keyword})

    return run


def _exported_runner(
    file: Path, manifest: Manifest, recipe: Recipe
) -> Callable[[dict[str, torch.Tensor], Sample], Any]:
    from ..exported import torch_export

    module = torch_export.module_of(torch_export.load(file))

    def run(tensors: dict[str, torch.Tensor], sample: Sample) -> Any:
        positional = [value for name, value in tensors.items() if name not in sample.keyword]
        with torch.no_grad(), state_kept(module):
            return module(*positional, **{name: tensors[name] for name in sample.keyword})

    return run


def package_runner(
    file: Path, manifest: Manifest, recipe: Recipe, folder: Path | None = None
) -> Callable[[dict[str, torch.Tensor], Sample], Any]:
    """Return what runs a package on a sample's inputs, and gives the answers as the PyTorch model's.

    Args:
        folder: of the bundle, where the package lies elsewhere.
    """
    folder = file.parent if folder is None else folder
    from ..coreml.app_view import app_values, kept_tensors, model_answers
    from ..mil import ReferenceModel

    model = ReferenceModel(file, manifest.function)

    def run(tensors: dict[str, torch.Tensor], sample: Sample) -> Any:
        values = app_values(model.input_names, tensors.values(), recipe.coreml)
        answers = model.predict(values, state=model.make_state() if recipe.coreml.states else None)
        wanted = kept_tensors(list(read_tensors(folder / sample.outputs).values()), recipe.coreml)
        return model_answers(answers, wanted, recipe.coreml)

    return run
