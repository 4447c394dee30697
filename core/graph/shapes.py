"""Shapes of a graph that has lost them: each operation is done once on tensors without data.

A saved file keeps no shapes but those of the inputs that a traced model was recorded with. Meta tensors have sizes and
a type and no memory, so a large model costs no more than its number of operations.
"""

from collections.abc import Hashable
from typing import Any

import torch

from ..recipe.model import Input
from .labels import ShapeOnly
from .model import shape_text
from .values import UNKNOWN, Bundle, Constant, Submodule, Value, Wire, computed

DTYPES = {dtype: str(dtype).removeprefix("torch.") for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}
_BY_NAME = {name: dtype for dtype, name in DTYPES.items()} | {"float64": torch.float64, "int64": torch.int64}
_META = torch.device("meta")
_MAKERS = {"zeros", "ones", "empty", "full", "arange", "rand", "randn", "eye", "linspace", "scalar_tensor", "randint"}
_NEVER = {"save", "from_file", "load", "warn", "manual_seed", "item", "set_data", "wait", "_assert_async", "tolist"}
"""These read or write more than tensors, or need values; a graph from a file may hold anything."""
_OF_PRIM = {"dtype", "device", "requires_grad", "layout", "is_cuda", "is_nested", "min", "max", "abs"}
"""What is asked of a tensor or a number under torch's other name space."""
_OF_NUMBERS = {
    "Int", "Float", "Bool", "IntImplicit", "FloatImplicit", "ScalarImplicit", "add", "sub", "rsub", "mul", "div",
    "floor_divide", "remainder", "neg", "floor", "ceil", "minimum", "maximum", "eq", "ne", "lt", "le", "gt", "ge", "to",
    "detach", "clone", "lift_fresh",
}  # fmt: skip
"""Operations that are done with values where all their tensors are single numbers: what they make is no larger."""
_OF_LISTS = {"__contains__", "eq", "ne"}
"""Operations on lists and texts that are no larger for it; ``[0] * 10**9`` in a file may not take our memory."""


def empty(sizes: tuple[int, ...], dtype: torch.dtype | None) -> torch.Tensor:
    """Return a tensor without data."""
    return torch.empty(sizes, dtype=dtype, device=_META)


def example_of(value: Value) -> Any:
    """Return a stand-in for a value: a meta tensor, a number, a list of those; UNKNOWN where there is none."""
    match value:
        case Wire():
            return value.example
        case Constant(value=ShapeOnly() as sizes):
            return empty(tuple(sizes), _BY_NAME.get(value.dtype))
        case Constant(value=known) if value.shape == "()" and isinstance(known, (bool, int, float)):
            # With its value: a trace computes sizes in tensors of one number.
            return torch.tensor(known, dtype=_BY_NAME.get(value.dtype))
        case Constant(value=torch.device()):
            return _META
        case Constant(value=known):
            return known
        case Bundle() if not value.keys:
            items = [example_of(item) for item in value.items]
            return UNKNOWN if any(item is UNKNOWN for item in items) else items
        case Bundle() | Submodule():
            return UNKNOWN


def example_of_input(item: Input) -> Any:
    """Return a stand-in for an input that is described."""
    match item.kind:
        case "value":
            return item.value
        case "dict":
            return {member.name: example_of_input(member) for member in item.items}
        case "tuple" | "list":
            return [example_of_input(member) for member in item.items]
        case _:
            return empty(item.default_shape or (), _BY_NAME.get(item.dtype))


def described(example: Any) -> tuple[str, str]:
    """Return shape and type as texts; empty for what is no tensor."""
    if isinstance(example, torch.Tensor):
        return shape_text(tuple(example.shape)), DTYPES.get(example.dtype, "")
    return "", ""


class ShapeRun:
    """Does operations on stand-ins; the same operation on the same stand-ins is done once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, list[Any]] = {}

    def outputs(self, op: str, schema: str, operands: list[Value], count: int) -> list[Any]:
        """Return a stand-in for each output of an operation; UNKNOWN for all where it cannot be told."""
        nothing = [UNKNOWN] * count
        namespace, _, name = op.partition("::")
        is_known = namespace == "aten" or (namespace == "prim" and name in _OF_PRIM)
        if not is_known or name in _NEVER or "::" not in schema:
            return nothing
        arguments = [example_of(operand) for operand in operands]
        if any(argument is UNKNOWN for argument in arguments):
            return nothing
        if name == "__getitem__" and isinstance(arguments[0], (list, dict)):
            return _part(arguments[0], arguments[1])
        if name in ("__is__", "__isnot__"):
            return [(arguments[0] is arguments[1]) == (name == "__is__")]
        if name not in _MAKERS and not any(isinstance(one, torch.Tensor) for one in _flat(arguments)):
            number = computed(op, [Constant(argument) for argument in arguments])
            if number is not None:
                return [number.value]
            if name not in _OF_LISTS and any(isinstance(one, (str, list, tuple, dict)) for one in arguments):
                return nothing
        if name not in _OF_NUMBERS or not all(_has_value(one) for one in arguments):
            arguments = [_without_value(argument) for argument in arguments]
        try:
            key = (schema, _key(arguments))
            if key not in self._known:
                self._known[key] = _results(schema, arguments)
        except TypeError:  # an argument that is no key: a device, a generator
            return _sized(_results(schema, arguments), count)
        return _sized(self._known[key], count)


def _part(whole: Any, key: Any) -> list[Any]:
    try:
        return [whole[key]]
    except (LookupError, TypeError):
        return [UNKNOWN]


def _sized(results: list[Any], count: int) -> list[Any]:
    return results if len(results) == count else [UNKNOWN] * count


def _results(schema: str, arguments: list[Any]) -> list[Any]:
    try:
        return _done(schema, arguments)
    except Exception:
        # Whatever an operation objects to (a value that it needs, a kernel that meta tensors lack): not known.
        return []


def _done(schema: str, arguments: list[Any]) -> list[Any]:
    full = schema.partition("(")[0]
    namespace, _, rest = full.partition("::")
    name, _, overload = rest.partition(".")
    operator: Any = getattr(getattr(getattr(torch.ops, namespace), name), overload or "default")
    by_place, by_name = [], {}
    for argument, parameter in zip(arguments, operator._schema.arguments, strict=True):
        given = _META if parameter.name == "device" and name in _MAKERS else argument
        if parameter.kwarg_only:
            by_name[parameter.name] = given
        else:
            by_place.append(given)
    with torch.no_grad():
        result = operator(*by_place, **by_name)
    return list(result) if isinstance(result, tuple) else [result]


def _has_value(argument: Any) -> bool:
    return not isinstance(argument, torch.Tensor) or argument.device != _META


def _without_value(argument: Any) -> Any:
    if isinstance(argument, torch.Tensor):
        return argument.to(_META)
    return [_without_value(item) for item in argument] if isinstance(argument, list) else argument


def _key(value: Any) -> Hashable:
    if isinstance(value, torch.Tensor):
        number = None if value.device == _META else value.item()
        return (tuple(value.shape), value.stride(), value.dtype, number)
    if isinstance(value, (list, tuple)):
        return tuple(_key(item) for item in value)
    return (type(value), value)


def _flat(values: list[Any]) -> list[Any]:
    return [part for value in values for part in (_flat(value) if isinstance(value, list) else [value])]
