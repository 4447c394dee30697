"""An ``.mlpackage`` as it lies on disk: manifest, description, program, weight files. No torch, no coremltools."""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import fail
from .features import Description, Interface, read_description
from .program import Program
from .program_format import read_program
from .scopes import Origins, read_origins
from .weights import WeightFiles
from .wire import Message

MAXIMUM_MODEL_BYTES = 1 << 31
"""protobuf's own limit for one message; weights lie in files of their own."""

_OTHER_KINDS = {
    200: "a pipeline", 201: "a pipeline", 202: "a pipeline", 303: "a neural network", 403: "a neural network",
    500: "a neural network", 302: "a tree ensemble", 402: "a tree ensemble", 555: "a custom model",
    556: "a linked model", 3000: "a serialized model",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Package:
    """An ML program with all that is needed to run it."""

    name: str
    """Its file name, for messages."""
    description: Description
    program: Program
    weights: WeightFiles
    specification_version: int

    def interface(self, function: str) -> Interface:
        """Return inputs and outputs of a function; multifunction models describe each."""
        return self.description.functions.get(function, self.description.interface)

    def only(self, function: str) -> "Package":
        """Return the package as if it had this one of its functions and no other."""
        description = dataclasses.replace(
            self.description, interface=self.interface(function), functions={}, default_function=function
        )
        return dataclasses.replace(
            self, description=description, program=Program({function: self.program.functions[function]})
        )


def read_package(path: str | Path) -> Package:
    """Read a package (or a bare ``.mlmodel`` that holds an ML program).

    Raises:
        ExportDeskError: ``call.*`` where the path is wrong, ``package.*`` where the package is.
    """
    path = Path(path)
    try:
        model_file = _model_file(path)
        size = model_file.stat().st_size
        if size > MAXIMUM_MODEL_BYTES:
            fail(
                "package.malformed", f"The model file has {size} bytes, too many for the format.", file=str(model_file)
            )
        data = model_file.read_bytes()
    except OSError as error:
        fail("package.unreadable", f"“{path.name}” cannot be read: {error.strerror}.", file=str(path), cause=error)
    return read_specification(data, model_file.parent, name=path.name)


def read_specification(
    data: bytes, folder: Path | None, *, name: str = "model", modules: Mapping[str, str] | None = None
) -> Package:
    """Read a serialized model.

    Args:
        folder: what ``@model_path`` stands for in its weight references.
        modules: module path of values, where it is known from elsewhere; what the model itself carries comes first.
    """
    message = Message(memoryview(data))
    description = message.message(2)
    if description is None:
        fail("package.malformed", f"“{name}” is no Core ML model: it has no description.")
    program = message.message(502)
    if program is None:
        kind = next((text for number, text in _OTHER_KINDS.items() if number in message), "not an ML program")
        fail(
            "package.unsupported-kind",
            f"“{name}” is {kind}; only ML programs can be run here.",
            hint="Convert it again with convert_to=“mlprogram”.",
        )
    described = read_description(description)
    carried = read_origins(described.user_defined)
    origins = Origins({**(modules or {}), **carried.modules}, carried.lines)
    return Package(name, described, read_program(program, origins), WeightFiles(folder), message.integer(1))


def _model_file(path: Path) -> Path:
    if not path.exists():
        fail("call.package-missing", f"There is no package “{path}”.", file=str(path))
    if path.is_file():
        if path.suffix != ".mlmodel":
            fail("call.not-a-package", f"“{path.name}” is no .mlpackage folder.", file=str(path))
        return path
    manifest_file = path / "Manifest.json"
    if not manifest_file.is_file():
        if path.suffix == ".mlpackage":
            fail("package.malformed", f"“{path.name}” has no Manifest.json.", file=str(path))
        fail("call.not-a-package", f"“{path}” is no .mlpackage: it has no Manifest.json.", file=str(path))
    manifest = _manifest(manifest_file)
    entries, root = manifest.get("itemInfoEntries"), manifest.get("rootModelIdentifier")
    entry = entries.get(root) if isinstance(entries, dict) and isinstance(root, str) else None
    relative = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(relative, str) or not relative or "\0" in relative:
        fail("package.malformed", "The manifest does not say which file is the model.", file=str(manifest_file))
    data = path / "Data"
    model_file = data / relative
    # Unlike Path.resolve, it does not fail on a link to itself.
    if not Path(os.path.realpath(model_file)).is_relative_to(os.path.realpath(data)):
        fail("package.unsafe-path", f"The manifest points outside the package: “{relative}”.", file=str(manifest_file))
    if not model_file.is_file():
        fail("package.malformed", f"The model file “{relative}” is missing from the package.", file=str(manifest_file))
    return model_file


def _manifest(file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        fail("package.malformed", "The package's Manifest.json is not valid JSON.", file=str(file), cause=error)
    if not isinstance(manifest, dict):
        fail("package.malformed", "The package's Manifest.json is not a JSON object.", file=str(file))
    return manifest
