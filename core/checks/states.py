"""A package with states, run step by step beside the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import ExportDeskError
from ..inputs.nested import copy_tensors
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..results import Check
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from .compare import Unlike, compare_all, magnitudes
from .coreml import COMPRESSED_PSNR_DB
from .gates import FLOAT16_PSNR_DB, LOWEST_PSNR_DB, MARGIN_DB
from .package_runs import tensors_of
from .probes import Probe
from .rounding import Rounds, rounding
from .verdict import Expected, Gate, not_run, psnr_gate, verdict


def check_states(
    package: Path,
    loaded: LoadedModel,
    method: str,
    probes: Sequence[Probe],
    recipe: Recipe,
    context: JobContext,
    function: str | None = None,
) -> Check:
    """Run the package and the eager model step by step, each keeping its state; both begin with zeros, as Core ML does.

    Core ML keeps states in float16 whatever the program computes in, so the gate is that of a float16 program: what
    rounding does to the model itself over the same steps. The eager model's buffers are as before afterwards.
    """
    expected = [
        Expected(description=f"step {number}", output=output)
        for number, output in enumerate(_eager_steps(loaded, method, probes, recipe, None), 1)
    ]
    try:
        actual = _package_steps(package, probes, recipe, context, function)
    except ExportDeskError as error:
        return not_run("coreml", f"reference execution cannot run this package: {error.failure.message}")
    scales = magnitudes([row.output for row in expected])
    given = COMPRESSED_PSNR_DB if recipe.coreml.compression else FLOAT16_PSNR_DB
    wanted = given if recipe.checks.coreml_psnr_db is None else recipe.checks.coreml_psnr_db
    check = verdict("coreml", expected, actual, psnr_gate(wanted), scales)
    if check.status == "passed" or recipe.coreml.compression or recipe.checks.coreml_psnr_db is not None:
        return check
    context.progress(None, "what float16 changes in the model")
    rounded = _eager_steps(loaded, method, probes, recipe, Rounds.EVERYTHING)
    return verdict("coreml", expected, actual, _rounded_gate(rounded, expected, scales), scales)


def _rounded_gate(rounded: Sequence[Any], expected: Sequence[Expected], scales: dict[str, float]) -> Gate:
    """Return a gate a little below what the model reaches when all its values are rounded to float16."""
    try:
        rows = [
            row for got, want in zip(rounded, expected, strict=True) for row in compare_all(got, want.output, scales)
        ]
    except Unlike:
        rows = []
    reached = min((row.psnr_db for row in rows), default=FLOAT16_PSNR_DB + MARGIN_DB)
    return psnr_gate(round(min(FLOAT16_PSNR_DB, max(LOWEST_PSNR_DB, reached - MARGIN_DB)), 1))


def _eager_steps(
    loaded: LoadedModel, method: str, probes: Sequence[Probe], recipe: Recipe, rounds: Rounds | None
) -> list[Any]:
    """Return what the model gives at each step, its states zero at first."""
    assert loaded.module is not None
    arguments = [fresh(probe.arguments) for probe in probes]
    outputs = []
    with state_kept(loaded.module), inference():
        for path in recipe.coreml.states:
            loaded.module.get_buffer(path).zero_()
        with rounding(rounds, arguments):
            for given in arguments:
                output = loaded.callable(method)(*given.positional, **given.keyword)
                outputs.append(copy_tensors(output))
    return outputs


def _package_steps(
    package: Path, probes: Sequence[Probe], recipe: Recipe, context: JobContext, function: str | None
) -> list[list[torch.Tensor]]:
    from ..coreml.app_view import app_values
    from ..mil import ReferenceModel

    model = ReferenceModel(package, function)
    state = model.make_state()
    outputs = []
    for index, probe in enumerate(probes):
        context.progress(index / len(probes), f"Core ML with its state, step {index + 1} of {len(probes)}")
        answers = model.predict(app_values(model.input_names, tensors_of(probe), recipe.coreml), state=state)
        outputs.append([torch.from_numpy(value) for value in answers.values()])
    return outputs
