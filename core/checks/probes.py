"""Probes: inputs on which artefacts are compared, and what the eager model says to them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import ExportDeskError
from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors, flatten
from ..inputs.values import Variation
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..torchscript.eager import EagerModel
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
    loaded: LoadedModel,
    method: str,
    probes: Sequence[Probe],
    context: JobContext,
    *,
    known: Sequence[Expected] = (),
) -> tuple[Expected, ...]:
    """Run the eager model on each probe, the first of which is the example; on that one again, if it draws numbers.

    Args:
        known: answers to the first of the probes, which are not run again.

    Raises:
        ExportDeskError: ``model.run`` where the model does not run on the example, or on a row of the user's own.
    """
    model = EagerModel(loaded)
    answers = list(known) or [_answer_to_example(model, method, probes, context)]
    random_reason = answers[0].problem if answers[0].is_random else None
    for index, probe in enumerate(probes[len(answers) :], start=len(answers)):
        context.progress(index / len(probes), f"the model itself, probe {index + 1} of {len(probes)}")
        if probe.variation.label:
            # Written by the user, and so part of what must work.
            answers.append(_expected(probe.variation.description, _own_row(model, method, probe), random_reason))
            continue
        try:
            output = copy_tensors(model.run(method, probe.arguments))
        except Exception as error:
            reason = f"the model itself fails on a probe: {first_line(error)}"
            answers.append(Expected(description=probe.variation.description, problem=reason))
            continue
        answers.append(_expected(probe.variation.description, output, random_reason))
    return tuple(answers)


def _answer_to_example(model: EagerModel, method: str, probes: Sequence[Probe], context: JobContext) -> Expected:
    context.progress(0, f"the model itself, probe 1 of {len(probes)}")
    before = _generators()
    first = copy_tensors(model.run_or_fail(method, probes[0].arguments))
    if any(tensor.is_floating_point() and bool(tensor.isnan().any()) for _, tensor in flatten(first)):
        context.report(
            Diagnostic(
                code="model.not-finite",
                severity=Severity.WARNING,
                message="The model's own output for the example holds NaN, and where there is nothing else it cannot "
                "be compared.",
                hint="Check the weights and the scale of the example. Advise names the module in which it begins.",
            )
        )
    draws = _generators() != before
    random_reason = _why_random(model, method, probes[0].arguments, first, draws=True) if draws else None
    return _expected(probes[0].variation.description, first, random_reason)


def without_unrepeatable(
    loaded: LoadedModel, method: str, probes: Sequence[Probe], expected: Sequence[Expected]
) -> tuple[Expected, ...]:
    """Return the answers, those of a model that does not give the same twice marked as not comparable.

    Asked where a check has failed: a model need not draw random numbers to be different each time.
    """
    reason = _why_random(EagerModel(loaded), method, probes[0].arguments, expected[0].output, draws=False)
    if reason is None:
        return tuple(expected)
    return tuple(replace(row, problem=row.problem or reason) for row in expected)


def _generators() -> tuple[object, ...]:
    import numpy as np

    numpys: Any = np.random.get_state(legacy=True)
    return (torch.get_rng_state().numpy().tobytes(), random.getstate(), numpys[1].tobytes(), numpys[2])


def _own_row(model: EagerModel, method: str, probe: Probe) -> Any:
    try:
        return copy_tensors(model.run_or_fail(method, probe.arguments))
    except ExportDeskError as error:
        failure = error.failure
        message = f"The {probe.variation.label} does not fit. {failure.message}"
        error.failure = msgspec.structs.replace(failure, message=message)
        raise


def _expected(description: str, output: Any, random_reason: str | None) -> Expected:
    problem = random_reason
    tensors = [tensor for _, tensor in flatten(output) if tensor.layout is torch.strided and tensor.numel()]
    if tensors and all(tensor.is_floating_point() and bool(tensor.isnan().all()) for tensor in tensors):
        problem = problem or "the model itself gives only NaN"
    return Expected(description=description, output=output, problem=problem, is_random=random_reason is not None)


def _why_random(model: EagerModel, method: str, arguments: Arguments, first: Any, *, draws: bool) -> str | None:
    """Return why outputs of two runs cannot be compared, or None.

    A model that draws random numbers is run several times: a few zeros of a dropout may fall alike by chance.
    """
    state = torch.get_rng_state()
    try:
        for seed in range(8 if draws else 1):
            # Another state of the generator than the first run had, as an app would have.
            torch.manual_seed(seed + 4711)
            found = compare(model.run(method, arguments), first)
            if found.relative > 1e-4:
                return (
                    f"the model is random: two runs on one input differ by up to {found.absolute:.3g} in {found.output}"
                    " (dropout in train mode?)"
                )
    except Unlike as unlike:
        return f"two runs of the model on one input differ: {unlike}"
    except Exception:
        return None
    finally:
        torch.set_rng_state(state)
    return None
