"""Example inputs of inner modules, recorded from real runs of the whole model."""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors, flatten
from .call_forms import CallForm, Shape, form_of, shape_of

_FORMS, _SHAPES = 8, 3
"""Calls that are kept of one module: of so many forms, with inputs of so many different sizes each."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a module, with copies of its arguments, and the form of what it returned."""

    arguments: Arguments
    form: CallForm
    sizes: tuple[tuple[int, ...], ...]
    output: Shape


class CallRecorder:
    """Records how some modules are called inside a ``with`` block, and whether others are called at all.

    Arguments are copied before any hook of the user's sees them, so that in-place changes do not reach the copies.
    Of calls that are alike, the first is kept.
    """

    def __init__(self, recorded: Iterable[torch.nn.Module], watched: Iterable[torch.nn.Module]) -> None:
        self._recorded = {id(module): module for module in recorded}
        self._watched = {id(module): module for module in watched}
        self._calls: dict[int, list[Call]] = {}
        self._open: dict[int, list[_Open | None]] = {}
        self._called: set[int] = set()
        self._handles: list[RemovableHandle] = []

    @property
    def is_recording(self) -> bool:
        return bool(self._recorded or self._watched)

    def calls(self, module: torch.nn.Module) -> list[Call]:
        return self._calls.get(id(module), [])

    def was_called(self, module: torch.nn.Module) -> bool:
        return id(module) in self._called

    def __enter__(self) -> "CallRecorder":
        for module in (self._recorded | self._watched).values():
            if isinstance(module, torch.jit.ScriptModule):
                continue
            self._handles.append(module.register_forward_pre_hook(self._begin, prepend=True, with_kwargs=True))
            if id(module) in self._recorded:
                self._handles.append(module.register_forward_hook(self._end))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._handles:
            self._handles.pop().remove()
        self._open.clear()

    def _begin(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._called.add(id(module))
        if id(module) not in self._recorded:
            return
        arguments = Arguments(positional=args, keyword=kwargs)
        sizes = tuple(tuple(t.shape) for _, t in flatten([*args, *kwargs.values()]))
        is_new = self._is_new(id(module), arguments, sizes)
        self._open.setdefault(id(module), []).append(_noted(module, arguments, sizes) if is_new else None)

    def _end(self, module: torch.nn.Module, args: Any, output: Any) -> None:
        rows = self._open.get(id(module))
        noted = rows.pop() if rows else None
        if noted is not None:
            call = Call(arguments=noted.arguments, form=noted.form, sizes=noted.sizes, output=shape_of(output))
            self._calls.setdefault(id(module), []).append(call)

    def _is_new(self, key: int, arguments: Arguments, sizes: tuple[tuple[int, ...], ...]) -> bool:
        alike = [call for call in self._calls.get(key, ()) if call.form.admits(arguments)]
        if not alike:
            return sum(1 for _ in self._calls.get(key, ())) < _FORMS * _SHAPES
        return len(alike) < _SHAPES and all(call.sizes != sizes for call in alike)


@dataclass(frozen=True, kw_only=True)
class _Open:
    arguments: Arguments
    form: CallForm
    sizes: tuple[tuple[int, ...], ...]


def _noted(module: torch.nn.Module, arguments: Arguments, sizes: tuple[tuple[int, ...], ...]) -> _Open:
    copied = Arguments(positional=copy_tensors(arguments.positional), keyword=copy_tensors(arguments.keyword))
    return _Open(arguments=copied, form=form_of(copied, inspect.signature(module.forward)), sizes=sizes)


def distinct_forms(calls: Iterable[Call]) -> list[Call]:
    """Return the first call of each form."""
    found: list[Call] = []
    for call in calls:
        if not any(other.form.admits(call.arguments) for other in found):
            found.append(call)
    return found
