"""Example inputs of inner modules, captured from real runs of the whole model."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ..inputs.nested import copy_tensors


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a module, with copies of its arguments."""

    positional: tuple[Any, ...]
    keyword: dict[str, Any]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        values = (*self.positional, *self.keyword.values())
        return tuple(tuple(value.shape) for value in values if isinstance(value, torch.Tensor))


@contextlib.contextmanager
def captured_calls(modules: Iterable[torch.nn.Module], calls: dict[int, list[Call]], *, most: int) -> Iterator[None]:
    """Record the calls of some modules made inside the block, in ``calls`` by ``id``, at most ``most`` of each.

    Arguments are copied before any hook of the user's sees them, so that in-place changes do not reach the copies.
    """

    def recorder(rows: list[Call]) -> Callable[..., None]:
        def record(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if len(rows) < most:
                rows.append(Call(positional=copy_tensors(args), keyword=copy_tensors(kwargs)))

        return record

    handles = []
    try:
        for module in modules:
            rows = calls.setdefault(id(module), [])
            handles.append(module.register_forward_pre_hook(recorder(rows), prepend=True, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()
