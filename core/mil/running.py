"""The job behind ``exportdesk run``: arrays from files, through a package, into a file."""

import pickle
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import fail
from ..job_context import JobContext
from ..requests import RunPackage
from ..results import ArraySummary, PackageRun
from .arrays_file import ArraysFile
from .features import ImageFeature, Interface
from .model import ReferenceModel
from .package import read_package
from .support import operation_counts, unsupported_of

_TENSORS = (".pt", ".pth")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def run_package(request: RunPackage, context: JobContext) -> PackageRun:
    """Run a package ``request.steps`` times on the same inputs, its states kept between; the last values count."""
    with context.stage("read"):
        package = read_package(request.package)
        unsupported = unsupported_of(package)
        operations = operation_counts(package)
    if request.lists_unsupported:
        return PackageRun(package=request.package, unsupported=unsupported, operations=operations)
    with context.stage("load"):
        model = ReferenceModel(package, function=request.function, precision=request.precision)
        data = read_inputs(request.inputs, model.interface)
        wanted = _wanted(request.intermediates, model)
    with context.stage("run"), ExitStack() as stack:
        file = _output_file(request.output, stack)
        return _run(request, context, model, data, wanted, file, operations)


def _run(
    request: RunPackage,
    context: JobContext,
    model: ReferenceModel,
    data: Mapping[str, Any],
    wanted: frozenset[str] | None,
    file: ArraysFile | None,
    operations: dict[str, int],
) -> PackageRun:
    state = model.make_state()
    intermediates: list[ArraySummary] = []
    started = time.perf_counter()

    def observe(name: str, array: np.ndarray[Any, Any]) -> None:
        if wanted is None or name in wanted:
            intermediates.append(summary(name, array))
            if file is not None:
                file.write(name, array)

    outputs: dict[str, Any] = {}
    for step in range(request.steps):
        context.progress(step / request.steps, f"step {step + 1} of {request.steps}")
        is_last = step == request.steps - 1
        observer = observe if is_last and request.intermediates else None
        outputs = model.predict(data, state, observe=observer, checkpoint=context.checkpoint)
    seconds = time.perf_counter() - started
    for name, value in outputs.items():
        _write(file, name, value, is_written={row.name for row in intermediates})
    _write_single(request.output, outputs)
    return PackageRun(
        package=request.package,
        function=model.function_name,
        precision=request.precision,
        steps=request.steps,
        outputs=tuple(summary(name, value) for name, value in outputs.items()),
        intermediates=tuple(intermediates),
        states=tuple(summary(name, state.read_state(name)) for name in state.names),
        output=request.output,
        seconds=seconds,
        operations=operations,
    )


def read_inputs(files: Mapping[str, str], interface: Interface) -> dict[str, Any]:
    """Read each input's file: ``.npy``, ``.npz``, ``.pt``, or a picture for an image input."""
    features = {feature.name: feature for feature in interface.inputs}
    return {name: _read(name, Path(path), features.get(name)) for name, path in files.items()}


def _read(name: str, path: Path, feature: Any) -> Any:
    if not path.is_file():
        fail("call.input-file", f"There is no file “{path}” for the input “{name}”.", file=str(path))
    kind = path.suffix.lower()
    try:
        if kind in _PICTURES:
            return _picture(name, path, feature)
        value = torch.load(path, map_location="cpu", weights_only=True) if kind in _TENSORS else _load_arrays(path)
    except (OSError, ValueError, EOFError, LookupError, SyntaxError, RuntimeError, pickle.UnpicklingError) as error:
        known = "Arrays are read from .npy, .npz and .pt files, pictures from .png, .jpg and other usual ones."
        fail("call.input-file", f"“{path.name}” cannot be read as an array.", file=str(path), hint=known, cause=error)
    return _chosen(name, value, path) if isinstance(value, Mapping) else value


def _load_arrays(path: Path) -> Any:
    value = np.load(path, allow_pickle=False)
    if isinstance(value, np.ndarray):
        return value
    with value:
        return {key: value[key] for key in value.files}


def _chosen(name: str, values: Mapping[str, Any], path: Path) -> Any:  # noqa: RET503
    """Return the array of that name, or the only one."""
    if name in values:
        return values[name]
    if len(values) == 1:
        return next(iter(values.values()))
    held = ", ".join(map(str, values)) or "nothing"
    fail("call.input-file", f"“{path.name}” has no array “{name}”; it holds {held}.", file=str(path))


def _picture(name: str, path: Path, feature: Any) -> Any:
    if feature is not None and not isinstance(feature.kind, ImageFeature):
        fail("call.input-file", f"The input “{name}” takes an array, and “{path.name}” is a picture.", file=str(path))
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return image.copy()


def _wanted(names: tuple[str, ...], model: ReferenceModel) -> frozenset[str] | None:
    """Return the names to keep, None for all.

    Raises:
        ExportDeskError: ``call.unknown-intermediate``.
    """
    if "all" in names:
        return None
    known = model.value_names
    unknown = [name for name in names if name not in known]
    if unknown:
        fail(
            "call.unknown-intermediate",
            f"The program has no value “{unknown[0]}”.",
            hint="Use --intermediates all to get every one.",
        )
    return frozenset(names)


def _output_file(output: str | None, stack: ExitStack) -> ArraysFile | None:
    if output is None or output.endswith(".npy"):
        return None
    return stack.enter_context(ArraysFile(Path(output)))


def _write(file: ArraysFile | None, name: str, value: Any, is_written: set[str]) -> None:
    if file is None or name in is_written:
        return
    if isinstance(value, dict):
        file.write(f"{name}.labels", np.array(list(value)))
        file.write(f"{name}.values", np.array(list(value.values())))
    else:
        file.write(name, np.asarray(value))


def _write_single(output: str | None, outputs: Mapping[str, Any]) -> None:
    if output is None or not output.endswith(".npy"):
        return
    arrays = [value for value in outputs.values() if isinstance(value, np.ndarray)]
    if len(arrays) != 1:
        fail("call.output", f"A .npy file holds one array, and the model has {len(arrays)}.", hint="Write to an .npz.")
    try:
        np.save(output, arrays[0], allow_pickle=False)
    except OSError as error:
        fail("call.output", f"“{output}” cannot be written: {error.strerror}.", file=output)


def summary(name: str, value: Any) -> ArraySummary:
    """Return what is worth printing of a value."""
    if not isinstance(value, np.ndarray):
        best = max(value.items(), key=lambda item: item[1])[0] if isinstance(value, dict) and value else value
        return ArraySummary(name=name, dtype=type(value).__name__, shape=(), text=str(best))
    row = ArraySummary(name=name, dtype=str(value.dtype), shape=value.shape)
    if value.dtype.kind not in "biuf" or not value.size:
        return row
    wide = value.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    return ArraySummary(
        name=name,
        dtype=row.dtype,
        shape=row.shape,
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
        mean=float(finite.mean()) if finite.size else None,
        non_finite=int(wide.size - finite.size),
    )
