"""Probes: inputs on which artefacts are compared, and what the eager model says to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors, flatten
from ..inputs.values import Variation
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..torchscript.compile import run_eager
from .compare import Unlike, compare
from .verdict import Expected, first_line


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One input of one method."""

    variation: Variation
    arguments: Arguments
    names: tuple[str, ...] = ()
    """Of the arguments, in order."""

    @property
    def named_tensors(self) -> dict[str, torch.Tensor] | None:
        """The arguments by name; those that are no tensors left out, None where one is a container."""
        values = [*self.arguments.positional, *self.arguments.keyword.values()]
        if any(isinstance(value, dict | list | tuple) for value in values):
            return None
        named = zip(self.names, values, strict=True)
        return {name: value for name, value in named if isinstance(value, torch.Tensor)}


def eager_answers(
    loaded: LoadedModel, method: str, probes: Sequence[Probe], context: JobContext
) -> tuple[Expected, ...]:
    """Run the eager model on each probe; on the first twice, to learn whether it is random."""
    random_reason = _why_random(loaded, method, probes[0].arguments) if probes else None
    answers = []
    for index, probe in enumerate(probes):
        context.progress(index / len(probes), f"eager, probe {index + 1} of {len(probes)}")
        answers.append(_answer(loaded, method, probe, random_reason))
    return tuple(answers)


def _answer(loaded: LoadedModel, method: str, probe: Probe, random_reason: str | None) -> Expected:
    description = probe.variation.description
    if random_reason is not None:
        return Expected(description=description, problem=random_reason)
    try:
        output = copy_tensors(run_eager(loaded, method, probe.arguments))
    except Exception as error:
        return Expected(description=description, problem=f"the model itself fails on a probe: {first_line(error)}")
    tensors = [tensor for _, tensor in flatten(output)]
    if tensors and all(tensor.is_floating_point() and bool(tensor.isnan().all()) for tensor in tensors):
        return Expected(description=description, problem="the model itself gives only NaN")
    return Expected(description=description, output=output)


def _why_random(loaded: LoadedModel, method: str, arguments: Arguments) -> str | None:
    try:
        first = copy_tensors(run_eager(loaded, method, arguments))
        # Another state of the generator than the first run had, as an app would have.
        torch.rand(1)
        second = run_eager(loaded, method, arguments)
        found = compare(second, first)
    except Unlike as unlike:
        return f"two runs of the model on one input differ: {unlike}"
    except Exception:
        return None
    if found.relative > 1e-4:
        return (
            f"the model is random: two runs on one input differ by up to {found.absolute:.3g} in {found.output}"
            " (dropout in train mode?)"
        )
    return None
