"""What a name in a TorchScript graph stands for once constants, lists and attributes are folded away."""

import dataclasses
from typing import Any

from .labels import ShapeOnly, value_text

UNKNOWN = object()
"""Stands for a value that cannot be told without running the model."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wire:
    """An output of a node: what edges are made of."""

    node: int
    port: int
    name: str
    shape: str = ""
    dtype: str = ""
    is_number: bool = False
    """A size that was wrapped into a tensor by the tracer; unwrapping it is no operation of the user's."""
    example: Any = dataclasses.field(default=UNKNOWN, compare=False, repr=False)
    """A tensor without data, a number, or a list of them; see ``shapes``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known without running the model; a weight is known by its sizes."""

    value: object
    name: str = ""
    shape: str = ""
    dtype: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Submodule:
    """A module; ``handle`` is torch's own object."""

    path: str
    handle: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Bundle:
    """A list, tuple or dict that was built in the graph."""

    items: tuple["Value", ...]
    keys: tuple[object, ...] = ()
    """Of a dict, one for each item."""


Value = Wire | Constant | Submodule | Bundle

NEVER_GIVEN = Bundle(())
"""What a branch that leaves early does not give, and nobody reads; compared by identity."""


def wires_in(value: Value) -> list[Wire]:
    """Return the wires that a value is made of, in order."""
    match value:
        case Wire():
            return [value]
        case Bundle():
            return [wire for item in value.items for wire in wires_in(item)]
        case _:
            return []


def as_constant(value: Value) -> tuple[bool, object]:
    """Return whether all of a value is known, and the value; a module is not."""
    match value:
        case Constant():
            return True, value.value
        case Bundle() if not value.keys:
            known = [as_constant(item) for item in value.items]
            return all(is_known for is_known, _ in known), [item for _, item in known]
        case _:
            return False, None


def name_in_port(value: Value) -> str:
    """Return the text under which a value is listed among a node's inputs."""
    match value:
        case Wire():
            return value.name
        case Constant():
            return value.name if isinstance(value.value, ShapeOnly) and value.name else value_text(value.value)
        case Submodule():
            return value.path
        case Bundle():
            return "[" + ", ".join(name_in_port(item) for item in value.items[:8]) + "]"


def computed(op: str, operands: list[Value]) -> Constant | None:
    """Return the result of a small operation on constants, such as ``momentum is None``; None where it is not known."""
    known = [as_constant(operand) for operand in operands]
    if not all(is_known for is_known, _ in known):
        return None
    values = [value for _, value in known]
    if any(isinstance(value, ShapeOnly) for value in values):
        if op in ("aten::__is__", "aten::__isnot__") and None in values:
            return Constant(op == "aten::__isnot__")
        return None
    rule = _RULES.get(op)
    try:
        result = None if rule is None else Constant(rule(*values))
    except (TypeError, ValueError, ArithmeticError, IndexError, KeyError):
        return None
    # torch's integers have 64 bits; a file that squares a number again and again may not make ours endless.
    is_too_large = result is not None and isinstance(result.value, int) and abs(result.value) >= 2**63
    return None if is_too_large else result


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, (list, str)) and len(one) + len(other) > _LONGEST:
        raise ValueError
    return one + other


def _product(one: Any, other: Any) -> Any:
    if not isinstance(one, (int, float)) or not isinstance(other, (int, float)):
        raise TypeError
    return one * other


_LONGEST = 10_000
"""Elements of a list that is worked out; a file may hold additions that double a list forty times."""
_RULES: dict[str, Any] = {
    "aten::__is__": lambda a, b: a is b,
    "aten::__isnot__": lambda a, b: a is not b,
    "aten::__not__": lambda a: not a,
    "aten::__and__": lambda a, b: a and b,
    "aten::__or__": lambda a, b: a or b,
    "aten::eq": lambda a, b: a == b,
    "aten::ne": lambda a, b: a != b,
    "aten::lt": lambda a, b: a < b,
    "aten::gt": lambda a, b: a > b,
    "aten::le": lambda a, b: a <= b,
    "aten::ge": lambda a, b: a >= b,
    "aten::add": lambda a, b: _sum(a, b),
    "aten::sub": lambda a, b: a - b,
    "aten::mul": lambda a, b: _product(a, b),
    "aten::floordiv": lambda a, b: a // b,
    "aten::len": len,
    "aten::list": list,
    "aten::neg": lambda a: -a,
    "aten::Bool": bool,
    "aten::Int": int,
    "aten::Float": float,
}
