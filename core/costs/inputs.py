"""With what a file is run to be timed: inputs that are given, a sample of its bundle, or inputs as the file tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from ..bundle.place import is_bundle
from ..bundle.samples import read_tensors
from ..bundle.verify import Manifest, read_manifest
from ..errors import ExportDeskError, fail
from ..graph.files import ReadableScript, require_names
from ..inputs.binding import Arguments, Binding
from ..inputs.nested import copy_tensors
from ..inputs.values import DTYPE_NAMES, Variation, make_arguments
from ..mil import ReferenceModel
from ..mil.random_values import random_value
from ..recipe.document import read_recipe
from ..recipe.model import Input
from ..torchscript.recorded_inputs import RecordedCall

_SAMPLE = "a sample of the bundle"
_MADE = "random values of the shapes that the file tells"
_GIVEN = "the inputs that were given"


@dataclass(frozen=True, kw_only=True)
class ScriptCall:
    """A method of a TorchScript file and what it is called with."""

    method: str
    arguments: Arguments
    description: str
    recorded: Mapping[str, RecordedCall] = field(default_factory=dict)

    def values(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments anew: a model may change what it is given."""
        return copy_tensors(self.arguments.positional), copy_tensors(self.arguments.keyword)


def script_call(path: Path, script: ReadableScript, inputs: Sequence[Input], folder: Path) -> ScriptCall:
    """Return what to call a TorchScript file with.

    Raises:
        ExportDeskError: ``call.input``, ``call.unknown-input``, ``call.sample``.
    """
    manifest = _manifest_of(path)
    methods = [name for name in script.handle._method_names() if not name.startswith("__")]
    known = manifest.method if manifest is not None else next(iter(script.calls), "forward")
    method = known if known in methods else next(iter(methods), "forward")
    recorded = script.calls.get(method)
    if inputs:
        names = require_names(script.handle, method, inputs, path)
        binding, description = Binding(positional=(), keyword=tuple(inputs)), _GIVEN
        ordered = sorted(inputs, key=lambda item: names.index(item.name))
        known_calls = {method: RecordedCall(keyword=tuple(ordered))}
    elif manifest is not None and manifest.samples and (recorded is None or not _is_nested(recorded)):
        sample = manifest.samples[0]
        tensors = read_tensors(path.parent / sample.inputs)
        positional = tuple(value for name, value in tensors.items() if name not in sample.keyword)
        arguments = Arguments(positional=positional, keyword={name: tensors[name] for name in sample.keyword})
        return ScriptCall(method=method, arguments=arguments, description=_SAMPLE, recorded=script.calls)
    else:
        call = recorded or _call_of_trace(script.handle._get_method(method).graph)
        if call is None:
            _refuse(path)
        binding, description = Binding(positional=call.positional, keyword=call.keyword), _MADE
        known_calls = {method: call}
    arguments = make_arguments(binding, Variation(seed=0), folder=folder, device="cpu")
    return ScriptCall(method=method, arguments=arguments, description=description, recorded=known_calls)


def package_data(
    path: Path, model: ReferenceModel, inputs: Sequence[Input], folder: Path
) -> tuple[dict[str, Any], str]:
    """Return the inputs of a package by name, and what they are."""
    if inputs:
        binding = Binding(positional=(), keyword=tuple(inputs))
        made = make_arguments(binding, Variation(seed=0), folder=folder, device="cpu").keyword
        return {
            name: value.numpy() if isinstance(value, torch.Tensor) else value for name, value in made.items()
        }, _GIVEN
    manifest = _manifest_of(path)
    if manifest is not None and manifest.samples and manifest.function in (None, model.function_name):
        from ..coreml.app_view import app_values

        tensors = read_tensors(path.parent / manifest.samples[0].inputs)
        if len(tensors) == len(model.input_names):
            options = read_recipe(path.parent / "recipe.toml").coreml
            return app_values(model.input_names, tensors.values(), options), _SAMPLE
    generator = np.random.default_rng(0)
    return {feature.name: random_value(feature, generator) for feature in model.interface.inputs}, _MADE


def _manifest_of(path: Path) -> Manifest | None:
    """Return what the bundle around a file says, None where there is none, or where it is of other files."""
    if not is_bundle(path.parent):
        return None
    try:
        manifest = read_manifest(path.parent)
    except ExportDeskError:
        return None
    return manifest if path.name in manifest.files.values() else None


def _is_nested(call: RecordedCall) -> bool:
    """Whether the samples of a bundle, which hold tensors alone, lack something of a call."""
    return any(item.kind != "tensor" for item in (*call.positional, *call.keyword))


def _call_of_trace(graph: Any) -> RecordedCall | None:
    """Return the inputs that a trace was recorded with, as torch keeps them; None where one is not known."""
    found = []
    for value in list(graph.inputs())[1:]:
        kind = value.type()
        sizes = kind.sizes() if kind.kind() == "TensorType" else None
        if sizes is None or None in sizes or kind.dtype() not in DTYPE_NAMES:
            return None
        found.append(Input(name=value.debugName(), shape=tuple(sizes), dtype=DTYPE_NAMES[kind.dtype()]))
    return RecordedCall(positional=tuple(found))


def _refuse(path: Path) -> NoReturn:
    fail(
        "call.input",
        f"{path.name} does not say what inputs it takes, so it cannot be run to be timed.",
        file=str(path),
        hint="Give them: --input x=1,3,64,64. Files that ExportDesk exports say it themselves.",
    )
