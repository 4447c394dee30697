"""A function that was taken over from another package, run beside that package."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import ExportDeskError
from ..job_context import JobContext
from ..mil import ReferenceModel
from ..mil.random_values import random_value
from ..results import Check
from .verdict import Expected, not_run, relative_gate, verdict

_PROBES = 4


def check_joined(package: Path, name: str, origin: Path, source: str, seed: int, context: JobContext) -> Check:
    """Compare a function with the package that it came from: nothing may have changed on the way.

    What that function computes was checked when its own package was exported, and is not checked here again.
    """
    check = "coreml"
    try:
        before, after = ReferenceModel(origin, source), ReferenceModel(package, name)
        generator = np.random.default_rng(seed)
        expected: list[Expected] = []
        actual: list[Any] = []
        for index in range(_PROBES):
            context.progress(index / _PROBES, f"{name}, beside {origin.name}")
            values = {item.name: random_value(item, generator) for item in before.interface.inputs}
            state = before.make_state() if before.interface.states else None
            answers = before.predict(values, state=state)
            expected.append(Expected(description=f"random {index}", output=_tensors(answers)))
            state = after.make_state() if after.interface.states else None
            actual.append(_tensors(after.predict(values, state=state)))
    except ExportDeskError as error:
        return not_run(check, f"reference execution cannot run this function: {error.failure.message}")
    return verdict(check, expected, actual, relative_gate(0.0))


def _tensors(answers: dict[str, Any]) -> list[torch.Tensor]:
    return [
        torch.from_numpy(np.asarray(list(value.values()) if isinstance(value, dict) else value))
        for value in answers.values()
        if not isinstance(value, str)
    ]
