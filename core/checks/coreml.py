"""The Core ML package compared with the eager model, by reference execution on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import ExportDeskError
from ..inputs.nested import flatten
from ..job_context import JobContext
from ..recipe.model import Recipe
from ..results import Check
from .probes import Probe
from .verdict import Expected, Gate, not_run, psnr_gate, relative_gate, verdict

FLOAT32_TOLERANCE = 1e-3
"""Relative error that a float32 run of the program may have: weights may be stored as float16 (2**-11 each)."""
FLOAT16_PSNR_DB = 40.0
"""Right models in float16 were measured at 62 dB and above; the float32 run is what catches a wrong program."""


def check_package(
    package: Path, probes: Sequence[Probe], expected: Sequence[Expected], recipe: Recipe, context: JobContext
) -> list[Check]:
    """Run the saved package on the probes, in the program's own precision and, if that is float16, in float32 too.

    The float32 run separates a wrong program from rounding.
    """
    if recipe.coreml.convert_to != "mlprogram":
        return [not_run("coreml", "reference execution runs ML programs, not the neuralnetwork type")]
    if recipe.coreml.precision == "float32":
        return [_check("coreml", package, "program", probes, expected, relative_gate(1e-4), context)]
    return [
        _check("coreml", package, "program", probes, expected, psnr_gate(FLOAT16_PSNR_DB), context),
        _check("coreml.float32", package, "float32", probes, expected, relative_gate(FLOAT32_TOLERANCE), context),
    ]


def _check(
    name: str,
    package: Path,
    precision: str,
    probes: Sequence[Probe],
    expected: Sequence[Expected],
    gate: Gate,
    context: JobContext,
) -> Check:
    from ..mil import ReferenceModel

    if all(row.problem is not None for row in expected):
        return verdict(name, expected, [None] * len(expected), gate)
    try:
        model = ReferenceModel(package, precision=precision)
    except ExportDeskError as error:
        return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
    names = model.input_names
    actual: list[Any] = []
    for index, (probe, answer) in enumerate(zip(probes, expected, strict=True)):
        context.progress(index / len(probes), f"Core ML ({precision}), probe {index + 1} of {len(probes)}")
        if answer.problem is not None:
            actual.append(None)
            continue
        values = [*probe.arguments.positional, *probe.arguments.keyword.values()]
        tensors = [tensor for _, tensor in flatten([v for v in values if not isinstance(v, bool | int | float | str)])]
        try:
            outputs = model.predict({n: _array(t) for n, t in zip(names, tensors, strict=True)})
            actual.append([torch.from_numpy(value) for value in outputs.values()])
        except ExportDeskError as error:
            if error.failure.code.endswith("unsupported-operation"):
                return not_run(name, f"reference execution cannot run this package: {error.failure.message}")
            actual.append(error)
    return verdict(name, expected, actual, gate)


def _array(tensor: torch.Tensor) -> Any:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
