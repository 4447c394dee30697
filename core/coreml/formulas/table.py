"""Which operations have a formula, and when it is used."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

Formula: TypeAlias = Callable[..., Any]
"""Takes the operation's arguments by position, returns its tensor, or the tuple of its tensors."""


@dataclass(frozen=True)
class _Entry:
    formula: Formula
    is_wanted: Callable[..., bool] | None
    """Of the arguments: whether the formula replaces coremltools' own translation; None where it has none."""


_FORMULAS: dict[str, _Entry] = {}


_Function = TypeVar("_Function", bound=Callable[..., Any])


def formula(*names: str, instead: Callable[..., bool] | None = None) -> Callable[[_Function], _Function]:
    """Offer a formula of operations, as ``name`` or ``name.overload``, without ``aten::``.

    Args:
        names: of the operations.
        instead: tells of the arguments whether coremltools' own translation is wrong or missing for them.
    """

    def keep(function: _Function) -> _Function:
        _FORMULAS.update(dict.fromkeys(names, _Entry(function, instead)))
        return function

    return keep


def formula_of(name: str, overload: str, is_translated: bool, arguments: list[Any]) -> Formula | None:
    """Return the formula that an operation is to be replaced by; None where it stays."""
    _load()
    entry = _FORMULAS.get(f"{name}.{overload}") or _FORMULAS.get(name)
    if entry is None:
        return None
    if entry.is_wanted is None:
        return None if is_translated else entry.formula
    return entry.formula if entry.is_wanted(*arguments) else None


@cache
def has_formula(name: str) -> bool:
    """Whether any overload of an operation has a formula."""
    _load()
    return any(known.partition(".")[0] == name for known in _FORMULAS)


@cache
def _load() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
