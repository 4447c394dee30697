"""The Core ML package compared with the eager model, by reference execution on this machine."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..errors import ExportDeskError
from ..inputs.nested import copy_tensors, flatten
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..results import Check
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from .probes import Probe
from .verdict import Expected, Gate, not_run, psnr_gate, relative_gate, verdict

FLOAT32_TOLERANCE = 1e-3
"""Relative error that a float32 run of the program may have: weights may be stored as float16 (2**-11 each)."""
FLOAT16_PSNR_DB = 40.0
"""Right models in float16 were measured at 62 dB and above; the float32 run is what catches a wrong program."""

COMPRESSED_PSNR_DB = 20.0
"""Compressed weights lose accuracy by the user's choice; below this the model is another one."""


def check_package(
    package: Path,
    probes: Sequence[Probe],
    expected: Sequence[Expected],
    recipe: Recipe,
    context: JobContext,
) -> list[Check]:
    """Run the saved package on the probes, in the program's own precision and, if that is float16, in float32 too.

    The float32 run separates a wrong program from rounding. Pictures, labels and chosen outputs are translated, so
    that the app's side is compared with the PyTorch model's own.
    """
    if recipe.coreml.convert_to != "mlprogram":
        return [not_run("coreml", "reference execution runs ML programs, not the neuralnetwork type")]
    run = partial(_check, package=package, probes=probes, expected=expected, recipe=recipe)
    compression = len(recipe.coreml.compression) > 0
    if recipe.coreml.precision == "float32" and not compression:
        return [run("coreml", "program", relative_gate(1e-4), context=context)]
    own = run("coreml", "program", psnr_gate(COMPRESSED_PSNR_DB if compression else FLOAT16_PSNR_DB), context=context)
    if compression:
        return [own]
    return [own, run("coreml.float32", "float32", relative_gate(FLOAT32_TOLERANCE), context=context)]


def _check(
    name: str,
    precision: str,
    gate: Gate,
    *,
    package: Path,
    probes: Sequence[Probe],
    expected: Sequence[Expected],
    recipe: Recipe,
    context: JobContext,
) -> Check:
    from ..coreml.app_view import app_values, kept_tensors, model_answers
    from ..mil import ReferenceModel

    if all(row.problem is not None for row in expected):
        return verdict(name, expected, [None] * len(expected), gate)
    try:
        model = ReferenceModel(package, precision=precision)
    except ExportDeskError as error:
        return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
    actual: list[Any] = []
    wanted: list[Expected] = []
    for index, (probe, answer) in enumerate(zip(probes, expected, strict=True)):
        context.progress(index / len(probes), f"Core ML ({precision}), probe {index + 1} of {len(probes)}")
        tensors = [tensor for _, tensor in flatten(answer.output)]
        kept = kept_tensors(tensors, recipe.coreml)
        # The nested answer keeps its paths (out["boxes"]) where nothing is left out.
        wanted.append(answer if len(kept) == len(tensors) else dataclasses.replace(answer, output=kept))
        if answer.problem is not None:
            actual.append(None)
            continue
        try:
            outputs = model.predict(app_values(model.input_names, _tensors_of(probe), recipe.coreml))
            actual.append(model_answers(outputs, kept, recipe.coreml))
        except ExportDeskError as error:
            if error.failure.code.endswith("unsupported-operation"):
                return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
            actual.append(error)
    return verdict(name, wanted, actual, gate)


def check_states(
    package: Path, loaded: LoadedModel, method: str, probes: Sequence[Probe], recipe: Recipe, context: JobContext
) -> Check:
    """Run the package and the eager model step by step, each keeping its state; both begin with zeros, as Core ML does.

    The eager model's buffers are as before afterwards.
    """
    from ..coreml.app_view import app_values
    from ..mil import ReferenceModel

    name = "coreml"
    actual: list[Any] = []
    expected: list[Expected] = []
    assert loaded.module is not None
    with state_kept(loaded.module), inference():
        try:
            model = ReferenceModel(package)
            state = model.make_state()
            for path in recipe.coreml.states:
                loaded.module.get_buffer(path).zero_()
            for index, probe in enumerate(probes):
                context.progress(index / len(probes), f"Core ML with its state, step {index + 1} of {len(probes)}")
                arguments = fresh(probe.arguments)
                output = copy_tensors(loaded.callable(method)(*arguments.positional, **arguments.keyword))
                expected.append(Expected(description=f"step {index + 1}", output=output))
                answers = model.predict(app_values(model.input_names, _tensors_of(probe), recipe.coreml), state=state)
                actual.append([torch.from_numpy(value) for value in answers.values()])
        except ExportDeskError as error:
            return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
    return verdict(name, expected, actual, psnr_gate(FLOAT16_PSNR_DB))


def _tensors_of(probe: Probe) -> list[torch.Tensor]:
    values = [*probe.arguments.positional, *probe.arguments.keyword.values()]
    return [tensor for _, tensor in flatten([v for v in values if not isinstance(v, bool | int | float | str)])]
