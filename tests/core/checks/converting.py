"""A model converted and checked, without the rest of the pipeline."""

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from exportdesk.core.checks.coreml import check_package
from exportdesk.core.checks.probes import Probe, eager_answers
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.inputs.values import Variation
from exportdesk.core.job_context import JobContext
from exportdesk.core.model_file.loading import LoadedModel
from exportdesk.core.recipe.model import Checks, CoreML, Model, Recipe
from exportdesk.core.results import Check
from exportdesk.core.torchscript.kept_state import inference
from torch import nn


def converted(model: nn.Module, example: torch.Tensor, options: CoreML, folder: Path) -> Path:
    """Trace and convert a model of one input; return the package."""
    with inference(), warnings.catch_warnings():
        # The tracer remarks on lines of torch's own recurrent layers.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(model, example, check_trace=False)
    dtype = str(example.dtype).removeprefix("torch.")
    made = convert(traced, [ConvertedInput(name="x", shape=tuple(example.shape), dtype=dtype)], options, JobContext())
    return made.save(folder / "m.mlpackage")


def loaded(model: nn.Module) -> LoadedModel:
    return LoadedModel(file=Path("model.py"), entry="Net", module=model)


def probes_of(examples: list[torch.Tensor]) -> list[Probe]:
    return [
        Probe(variation=Variation(seed=i), arguments=Arguments(positional=(example,), keyword={}), names=("x",))
        for i, example in enumerate(examples)
    ]


def checked(
    model: nn.Module,
    examples: list[torch.Tensor],
    folder: Path,
    fault: Callable[[nn.Module], None] | None = None,
    checks: Checks | None = None,
    **options: Any,
) -> dict[str, Check]:
    """Convert a model (with a fault planted in what is converted) and check the package against the model."""
    wrong = model
    if fault is not None:
        wrong = copy.deepcopy(model)
        with torch.no_grad():
            fault(wrong)
    coreml = CoreML(**options)
    package = converted(wrong, examples[0], coreml, folder)
    recipe = Recipe(model=Model(file="model.py"), coreml=coreml, checks=checks or Checks())
    probes = probes_of(examples)
    target = loaded(model)
    expected = eager_answers(target, "forward", probes, JobContext())
    verdict = check_package(package, target, "forward", probes, expected, recipe, JobContext())
    return {check.name: check for check in verdict.checks}
