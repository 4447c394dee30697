"""Whether two objects, made by running the same code twice, hold the same data."""

import functools
import types
import weakref
from typing import Any

import numpy as np
import torch

_PLAIN = (bool, int, str, bytes, complex, type(None), torch.dtype, torch.device, torch.Size, torch.layout)
_CALLABLES = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type, types.ModuleType)


def is_same(first: Any, second: Any, seen: set[tuple[int, int]] | None = None) -> bool:
    """Compare two values down to the last tensor; False also where it cannot be told.

    Classes and functions count as the same where their names, defaults and closures are: whether the files that they
    come from have changed is for the caller to know.
    """
    seen = set() if seen is None else seen
    if first is second or (id(first), id(second)) in seen:
        return True
    seen.add((id(first), id(second)))
    if isinstance(first, type) or isinstance(second, type):
        return isinstance(first, type) and isinstance(second, type) and _name(first) == _name(second)
    if _name(type(first)) != _name(type(second)):
        return False
    match first:
        case torch.Tensor():
            return _same_tensor(first, second)
        case np.ndarray():
            return bool(
                first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
            )
        case float():
            return first.hex() == float(second).hex()
        case _ if isinstance(first, _PLAIN):
            return bool(first == second)
        case list() | tuple():
            return _same_members(first, second, seen) and _same_state(first, second, seen)
        case dict():
            keys = _same_members(list(first), list(second), seen)
            return keys and _same_members(list(first.values()), list(second.values()), seen)
        case set() | frozenset():
            return all(isinstance(member, _PLAIN) for member in first) and first == second
        case _ if isinstance(first, _CALLABLES):
            return _same_callable(first, second, seen)
        case functools.partial():
            return is_same((first.func, first.args, first.keywords), (second.func, second.args, second.keywords), seen)
        case weakref.ref():
            return is_same(first(), second(), seen)
    return _same_object(first, second, seen)


def _name(kind: Any) -> tuple[str, str]:
    return str(getattr(kind, "__module__", "")), str(getattr(kind, "__qualname__", getattr(kind, "__name__", "")))


def _same_tensor(first: torch.Tensor, second: torch.Tensor) -> bool:
    if (first.shape, first.dtype, first.device, first.layout) != (
        second.shape,
        second.dtype,
        second.device,
        second.layout,
    ):
        return False
    if first.layout is not torch.strided or first.is_quantized or first.is_meta:
        return False
    return first.stride() == second.stride() and torch.equal(first, second)


def _same_members(first: Any, second: Any, seen: set[tuple[int, int]]) -> bool:
    return len(first) == len(second) and all(is_same(a, b, seen) for a, b in zip(first, second, strict=True))


def _same_callable(first: Any, second: Any, seen: set[tuple[int, int]]) -> bool:
    if _name(first) != _name(second):
        return False
    parts = ("__self__", "__func__", "__defaults__", "__kwdefaults__")
    if not all(is_same(getattr(first, part, None), getattr(second, part, None), seen) for part in parts):
        return False
    return is_same(_closure(first), _closure(second), seen)


def _closure(function: Any) -> list[Any]:
    try:
        return [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    except ValueError:  # a cell that nothing was put into yet
        return []


def _same_state(first: Any, second: Any, seen: set[tuple[int, int]]) -> bool:
    return is_same(getattr(first, "__dict__", None), getattr(second, "__dict__", None), seen)


def _same_object(first: Any, second: Any, seen: set[tuple[int, int]]) -> bool:
    """Compare what an object holds; one that holds nothing that can be seen is compared by its own idea of equality."""
    declared = [vars(kind).get("__slots__", ()) for kind in type(first).__mro__]
    slots = [name for names in declared for name in ([names] if isinstance(names, str) else names)]
    if hasattr(first, "__dict__") or slots:
        held = [{name: getattr(one, name, None) for name in slots} for one in (first, second)]
        is_wholly_seen = _inherits(first, "__reduce_ex__") or isinstance(first, torch.nn.Module)
        return is_wholly_seen and _same_state(first, second, seen) and is_same(held[0], held[1], seen)
    return not _inherits(first, "__eq__") and bool(first == second)


def _inherits(value: Any, method: str) -> bool:
    """Whether a method is the one that every object has."""
    return getattr(type(value), method) is getattr(object, method)
