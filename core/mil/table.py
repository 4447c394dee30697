"""The table of operations: for a name and an opset, the function that computes it.

A function takes an operation's inputs by their MIL names. Its annotations say what it wants: a ``Tensor`` is passed
as it is, ``int``, ``float``, ``bool``, ``str``, ``Ints``, ``Floats`` and ``Bools`` as plain Python values, read once
where the input is a constant. Defaults are MIL's.
"""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from torch import Tensor

from .program import Operation, TensorType, ValueType

OPSETS = ("iOS15", "iOS16", "iOS17", "iOS18", "iOS26")

Ints = tuple[int, ...]
Floats = tuple[float, ...]
Bools = tuple[bool, ...]
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class ResultType:
    """Annotation of a parameter that receives the declared types of the operation's outputs."""

    types: tuple[ValueType, ...]

    @property
    def tensor(self) -> TensorType:
        first = self.types[0]
        assert isinstance(first, TensorType)
        return first


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    annotation: Any
    """Tensor, Tensors, ResultType, or a plain type; ``X | None`` is given as ``X``."""
    default: Any
    """``inspect.Parameter.empty`` where the input is required."""

    @property
    def is_required(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of one use of an operation before it runs, given to a ``prepare`` function."""

    operation: Operation
    constants: dict[str, Any]
    """Inputs that are constant, as the function would get them, defaults included."""
    types: dict[str, ValueType]
    """Declared types of the tensor inputs that are there, constant or not."""

    def rank(self, name: str) -> int:
        kind = self.types[name]
        return len(kind.shape) if isinstance(kind, TensorType) else 0

    def is_float32(self, *names: str) -> bool:
        """Whether these inputs, where they are there, are held as float32."""
        kinds = [self.types[name] for name in names if name in self.types]
        return all(isinstance(kind, TensorType) and kind.dtype in ("fp16", "fp32") for kind in kinds)


@dataclass(frozen=True, slots=True)
class Entry:
    """``is_exact``: it only moves or chooses values, so its result needs no rounding to the program's type."""

    name: str
    opset: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    is_exact: bool
    prepare: Callable[[Call], Callable[..., Any] | None] | None = None


_F = TypeVar("_F", bound=Callable[..., Any])
_table: dict[str, dict[str, Entry]] = {}


def operation(name: str, opset: str = "iOS15", *, exact: bool = False) -> Callable[[_F], _F]:
    """Enter a function into the table, for ``opset`` and later ones until a newer entry of that name."""

    def enter(function: _F) -> _F:
        _table.setdefault(name, {})[opset] = Entry(name, opset, function, _parameters(function), exact)
        return function

    return enter


def prepare(name: str, opset: str = "iOS15") -> Callable[[_F], _F]:
    """Add to an entry a function that, once the constants are known, returns a quicker one for just this use.

    What it returns takes the tensor inputs that the use has, in the order of the entry's parameters; None means that
    the general function serves.
    """

    def enter(function: _F) -> _F:
        versions = _table[name]
        versions[opset] = replace(versions[opset], prepare=function)
        return function

    return enter


def find(name: str, opset: str) -> Entry | None:
    """Return the newest entry of a name that is not newer than the opset."""
    versions = _table.get(name, {})
    known = [version for version in OPSETS[: OPSETS.index(opset) + 1] if version in versions]
    return versions[known[-1]] if known else None


def names() -> dict[str, tuple[str, ...]]:
    """Return the opsets at which each known operation has an entry of its own."""
    return {name: tuple(version for version in OPSETS if version in found) for name, found in sorted(_table.items())}


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(function)
    return tuple(
        Parameter(item.name, _plain(hints[item.name]), item.default)
        for item in inspect.signature(function).parameters.values()
    )


def _plain(annotation: Any) -> Any:
    """Return the annotation with ``| None`` taken off."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return kinds[0]
    return annotation
