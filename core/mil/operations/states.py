"""States: values that stay between runs."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..table import operation


@dataclass(slots=True)
class StateBox:
    """The place that a program's state input points at; writing puts another tensor into it, never changes one."""

    value: Tensor


def _box(value: object) -> StateBox:
    if not isinstance(value, StateBox):
        raise TypeError("a state is expected")
    return value


@operation("read_state", exact=True)
def read_state(input: Any) -> Tensor:
    return _box(input).value


@operation("write_state", exact=True)
def write_state(input: Any, data: Tensor) -> None:
    """Only in saved programs: there an update of a state is a write, and a read after it where the value is used."""
    box = _box(input)
    if box.value.shape != data.shape:
        raise ValueError(f"the state has shape {tuple(box.value.shape)}, the new value {tuple(data.shape)}")
    box.value = data


@operation("coreml_update_state", exact=True)
def coreml_update_state(state: Any, value: Tensor) -> Tensor:
    """Only in programs in memory."""
    write_state(state, value)
    return value
