"""The Core ML package compared with the eager model, by reference execution on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..errors import ExportDeskError
from ..inputs.nested import copy_tensors
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..results import Check
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from .gates import RoundingGates
from .package_runs import PackageRuns, tensors_of
from .probes import Probe
from .verdict import Expected, Gate, not_run, psnr_gate, relative_gate, verdict

if TYPE_CHECKING:
    from ..mil import ReferenceModel

FLOAT32_TOLERANCE = 1e-3
"""Relative error of a float16 program run in float32, where the model is not there to set a gate from."""
FLOAT16_PSNR_DB = 40.0
"""The same for a float16 program in its own precision."""

COMPRESSED_PSNR_DB = 20.0
"""Compressed weights lose accuracy by the user's choice; below this the model is another one."""


def check_package(
    package: Path,
    loaded: LoadedModel,
    method: str,
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
    runs = PackageRuns(package, loaded, method, probes, expected, recipe.coreml)
    gates = RoundingGates(runs, context)
    limits = recipe.checks
    relative = None if limits.coreml_relative_error is None else relative_gate(limits.coreml_relative_error)
    psnr = None if limits.coreml_psnr_db is None else psnr_gate(limits.coreml_psnr_db)
    if recipe.coreml.compression:
        return [_check("coreml", "program", psnr or psnr_gate(COMPRESSED_PSNR_DB), runs, context)]
    if recipe.coreml.precision == "float32":
        return [_check("coreml", "program", relative or gates.float32_gate(), runs, context)]
    return [
        _check("coreml", "program", psnr or gates.float16_gate(), runs, context),
        _check("coreml.float32", "float32", relative or gates.constants_gate(), runs, context),
    ]


def _check(name: str, precision: str, gate: Gate, runs: PackageRuns, context: JobContext) -> Check:
    if all(row.problem is not None for row in runs.expected):
        return verdict(name, runs.expected, [None] * len(runs.expected), gate)
    try:
        model = runs.model(precision)
        actual: list[Any] = []
        for index, answer in enumerate(runs.expected):
            context.progress(index / len(runs.expected), f"Core ML ({precision}), probe {index + 1}")
            actual.append(None if answer.problem is not None else _outputs_or_error(runs, model, index))
    except ExportDeskError as error:
        return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
    return verdict(name, runs.expected, actual, gate, runs.scales)


def _outputs_or_error(runs: PackageRuns, model: "ReferenceModel", probe: int) -> Any:
    try:
        return runs.outputs(model, probe)
    except ExportDeskError as error:
        if error.failure.code.endswith("unsupported-operation"):
            raise
        return error


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
                answers = model.predict(app_values(model.input_names, tensors_of(probe), recipe.coreml), state=state)
                actual.append([torch.from_numpy(value) for value in answers.values()])
        except ExportDeskError as error:
            return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
    return verdict(name, expected, actual, psnr_gate(FLOAT16_PSNR_DB))
