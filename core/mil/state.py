"""The states of a model between its runs."""

from typing import Any

import numpy as np
import torch

from ..errors import fail
from .holders import holder_dtype, to_array, to_holder
from .operations.states import StateBox
from .program import TensorType


class ReferenceState:
    """States by name, zeros at first; shaped as coremltools' ``MLState``."""

    def __init__(self, kinds: dict[str, TensorType], *, rounds: bool) -> None:
        self._kinds = kinds
        self._rounds = rounds
        self._boxes = {
            name: StateBox(torch.zeros([size or 1 for size in kind.shape], dtype=holder_dtype(kind.dtype)))
            for name, kind in kinds.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    def read_state(self, name: str) -> np.ndarray[Any, Any]:
        """Return a copy of a state's value, in its own type."""
        self._require(name)
        return to_array(self._boxes[name].value, self._kinds[name].dtype, rounds=self._rounds).copy()

    def write_state(self, name: str, value: Any) -> None:
        """Set a state; shapes must be the same, numbers are brought to the state's type."""
        self._require(name)
        array = np.array(value)
        if array.shape != tuple(self._boxes[name].value.shape):
            fail(
                "call.state-shape",
                f"The state “{name}” has shape {tuple(self._boxes[name].value.shape)}, the value {array.shape}.",
            )
        self._boxes[name].value = to_holder(array, self._kinds[name].dtype, rounds=self._rounds)

    def box(self, name: str) -> StateBox:
        self._require(name)
        return self._boxes[name]

    def _require(self, name: str) -> None:
        if name not in self._kinds:
            fail(
                "call.unknown-state",
                f"The model has no state “{name}”.",
                hint=f"It has: {', '.join(self._kinds) or 'none'}.",
            )
