"""Two runs of a model on one input, compared by what they ask of torch: cheap evidence that a trace is repeatable."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .tracer_warnings import SEEN_THROUGH

SEEN_THROUGH.add(__file__)
_MOST_MEMBERS = 10_000


class CallLog(TorchFunctionMode):
    """Notes each call of a torch function while it is entered: its name, its Python values, the shapes of its tensors.

    Not what a tensor holds: that shows in the outputs. A run takes about a fifth longer with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Any] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # Noted first: an operation may change the shape of its own input.
        self.rows.append((*_name(func), _noted(args), _noted(kwargs) if kwargs else None))
        return func(*args, **(kwargs or {}))


def logged(run: Callable[[], Any]) -> tuple[list[Any], Any]:
    """Return the calls of torch functions that a run makes, and its result.

    Raises:
        Exception: what ``run`` raises.
    """
    with CallLog() as log:
        result = run()
    return log.rows, result


def _name(func: Any) -> tuple[str, str]:
    # `x.shape` is read by a wrapper of its own each time, called __get__; the property is what it is bound to.
    return getattr(func, "__name__", ""), str(getattr(getattr(func, "__self__", None), "__name__", ""))


def _noted(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return (*value.shape, value.dtype, value.device)
    if isinstance(value, list | tuple):
        return (type(value), *map(_noted, value[:_MOST_MEMBERS]))
    if isinstance(value, dict):
        return tuple(_items(value))
    if isinstance(value, float):
        return repr(value)  # NaN is unlike itself
    if value is None or isinstance(value, bool | int | str | complex | torch.dtype | torch.device):
        return type(value), value
    if isinstance(value, slice):
        return _noted((value.start, value.stop, value.step))
    return type(value)


def _items(value: dict[Any, Any]) -> Iterator[Any]:
    for key, member in value.items():
        yield _noted(key), _noted(member)
