"""The form of a traced call: tensors by name from outside, and everything else kept as it was with the example.

torch's tracer takes tensors, and tuples, lists and dicts of them that are all of one type. A model takes more: numbers,
None, keyword-only and variable arguments, dicts of mixed values. A form takes the tensors out of such a call, and puts
them back in their places with the constants around them.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from ..inputs.binding import Arguments


@dataclass(frozen=True)
class Tensor:
    """The place of a tensor."""


@dataclass(frozen=True)
class Constant:
    """A value that is no tensor; it is not an input of the trace."""

    value: Any


@dataclass(frozen=True)
class Sequenced:
    """A list or tuple; ``make`` turns members into the container that the model expects."""

    make: Callable[[list[Any]], Any]
    members: tuple["Shape", ...]
    is_list: bool


@dataclass(frozen=True)
class Mapped:
    """A dict; its values stay a dict from outside where all are tensors, and become a tuple otherwise."""

    make: Callable[[dict[Any, Any]], Any]
    keys: tuple[Any, ...]
    members: tuple["Shape", ...]


Shape: TypeAlias = Tensor | Constant | Sequenced | Mapped


@dataclass(frozen=True, kw_only=True)
class CallForm:
    """The form of one call; calls of the same form differ in their tensors only."""

    positional: tuple[Shape, ...]
    keyword: Mapping[str, Shape]
    names: tuple[str, ...]
    """Names of the inputs from outside, in order."""
    is_plain: bool
    """Whether the call can be traced as it is, by position."""

    def outside(self, arguments: Arguments) -> tuple[Any, ...]:
        """Return the inputs of the trace for a call of this form."""
        values = [*arguments.positional, *arguments.keyword.values()]
        shapes = [*self.positional, *(self.keyword[name] for name in arguments.keyword)]
        pairs = zip(shapes, values, strict=True)
        return tuple(_outside(shape, value) for shape, value in pairs if has_tensor(shape))

    def inside(self, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the model for inputs of the trace."""
        rest = iter(inputs)
        positional = tuple(
            _inside(shape, next(rest)) if has_tensor(shape) else _inside(shape, None) for shape in self.positional
        )
        keyword = {
            name: _inside(shape, next(rest)) if has_tensor(shape) else _inside(shape, None)
            for name, shape in self.keyword.items()
        }
        return positional, keyword

    def admits(self, arguments: Arguments) -> bool:
        """Whether a call has this form: the same structure, and equal constants."""
        return (
            len(arguments.positional) == len(self.positional)
            and list(arguments.keyword) == list(self.keyword)
            and all(_admits(*row) for row in zip(self.positional, arguments.positional, strict=True))
            and all(_admits(shape, arguments.keyword[name]) for name, shape in self.keyword.items())
        )


def form_of(arguments: Arguments, signature: inspect.Signature, names: Sequence[str] = ()) -> CallForm:
    """Return the form of a call.

    Args:
        arguments: the call.
        signature: of what is called; gives the names where ``names`` does not.
        names: a name for each positional argument.
    """
    positional = tuple(shape_of(value) for value in arguments.positional)
    keyword = {name: shape_of(value) for name, value in arguments.keyword.items()}
    own = list(names) or _positional_names(signature, len(positional))
    named = [*zip(own, positional, strict=True), *keyword.items()]
    outer = tuple(name for name, shape in named if has_tensor(shape))
    by_position = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    is_plain = (
        not keyword and list(outer) == by_position[: len(positional)] and all(_is_plain(shape) for shape in positional)
    )
    return CallForm(positional=positional, keyword=keyword, names=outer, is_plain=is_plain)


def shape_of(value: Any) -> Shape:
    """Return the form of one argument."""
    if isinstance(value, torch.Tensor):
        return Tensor()
    if isinstance(value, dict):
        kind: Any = type(value)
        make = dict if kind is dict else lambda members: _refilled(kind, members)
        return Mapped(make, tuple(value), tuple(shape_of(member) for member in value.values()))
    if isinstance(value, list | tuple):
        kind = type(value)
        make_sequence = (lambda members: kind(*members)) if hasattr(value, "_fields") else kind
        return Sequenced(make_sequence, tuple(shape_of(member) for member in value), isinstance(value, list))
    return Constant(value)


def traceable_output(value: Any) -> Any:
    """Return an output as a trace can return it, its tensors in their order.

    Numbers become tensors, None and other objects are left out; a dict of unlike values, a dataclass and a list of
    unlike members become tuples.
    """
    plain = _plain_output(value)
    shape = shape_of(plain)
    return _outside(shape, plain) if has_tensor(shape) else ()


def is_traceable_output(value: Any) -> bool:
    """Whether torch can trace an output as it is; a dict or a list needs ``strict=False`` even so."""
    return _is_plain(shape_of(value)) and _is_builtin(value)


def left_out(value: Any, path: str = "out") -> list[str]:
    """Return path and type of all in an output that ``traceable_output`` leaves out."""
    plain = _plain_output(value)
    if isinstance(plain, torch.Tensor):
        return []
    if isinstance(plain, dict):
        return [row for key, member in plain.items() for row in left_out(member, f"{path}[{key!r}]")]
    if isinstance(plain, list | tuple):
        return [row for index, member in enumerate(plain) for row in left_out(member, f"{path}[{index}]")]
    return [f"{path} ({type(plain).__name__})"]


def _is_builtin(value: Any) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(_is_builtin(member) for member in value.values())
    if isinstance(value, list | tuple):
        return all(_is_builtin(member) for member in value)
    return True


def _refilled(kind: Any, members: dict[Any, Any]) -> Any:
    try:
        return kind(members)
    except Exception:  # a mapping with a constructor of its own, such as a defaultdict
        return dict(members)


def _positional_names(signature: inspect.Signature, count: int) -> list[str]:
    parameters = list(signature.parameters.values())
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    variable = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "argument")
    return names + [f"{variable}_{index}" for index in range(count - len(names))]


def has_tensor(shape: Shape) -> bool:
    """Whether any tensor is in it."""
    match shape:
        case Tensor():
            return True
        case Constant():
            return False
        case Sequenced(members=members) | Mapped(members=members):
            return any(has_tensor(member) for member in members)


def _is_plain(shape: Shape) -> bool:
    match shape:
        case Tensor():
            return True
        case Constant():
            return False
        case Sequenced(members=members, is_list=is_list):
            alike = not is_list or _are_alike(members)
            return bool(members) and alike and all(_is_plain(member) for member in members)
        case Mapped(keys=keys, members=members):
            are_texts = all(isinstance(key, str) for key in keys)
            return bool(members) and are_texts and all(isinstance(member, Tensor) for member in members)


def _are_alike(members: Sequence[Shape]) -> bool:
    return len({_signature(member) for member in members}) <= 1


def _signature(shape: Shape) -> str:
    match shape:
        case Tensor():
            return "T"
        case Constant():
            return "C"
        case Sequenced(members=members, is_list=True):
            return f"[{_signature(members[0]) if members else ''}]"
        case Sequenced(members=members):
            return f"({','.join(_signature(member) for member in members)})"
        case Mapped():
            return "{}"


def _outside(shape: Shape, value: Any) -> Any:
    match shape:
        case Tensor() | Constant():
            return value
        case Sequenced(members=members, is_list=is_list):
            rows = [(m, v) for m, v in zip(members, value, strict=True) if has_tensor(m)]
            kept = [_outside(member, inner) for member, inner in rows]
            return kept if is_list and _are_alike([member for member, _ in rows]) else tuple(kept)
        case Mapped(keys=keys, members=members):
            pairs = [(key, m) for key, m in zip(keys, members, strict=True) if has_tensor(m)]
            if all(isinstance(member, Tensor) for _, member in pairs) and all(isinstance(k, str) for k, _ in pairs):
                return {key: value[key] for key, _ in pairs}
            return tuple(_outside(member, value[key]) for key, member in pairs)


def _inside(shape: Shape, given: Any) -> Any:
    match shape:
        case Tensor():
            return given
        case Constant(value=value):
            return value
        case Sequenced(make=make, members=members):
            rest = iter(given if given is not None else ())
            return make([_inside(m, next(rest) if has_tensor(m) else None) for m in members])
        case Mapped(make=make_dict, keys=keys, members=members):
            values = given.values() if isinstance(given, dict) else given or ()
            by_key = dict(zip([k for k, m in zip(keys, members, strict=True) if has_tensor(m)], values, strict=True))
            return make_dict({key: _inside(m, by_key.get(key)) for key, m in zip(keys, members, strict=True)})


def _admits(shape: Shape, value: Any) -> bool:
    match shape:
        case Tensor():
            return isinstance(value, torch.Tensor)
        case Constant(value=constant):
            if isinstance(value, torch.Tensor | list | tuple | dict):
                return False
            return constant is value or (type(constant) is type(value) and bool(constant == value))
        case Sequenced(members=members):
            return (
                isinstance(value, list | tuple)
                and len(value) == len(members)
                and all(_admits(*row) for row in zip(members, value, strict=True))
            )
        case Mapped(keys=keys, members=members):
            return (
                isinstance(value, dict)
                and tuple(value) == keys
                and all(_admits(member, value[key]) for key, member in zip(keys, members, strict=True))
            )


def _plain_output(value: Any) -> Any:
    """Turn dataclasses and other mappings into dicts, and numbers into tensors."""
    from dataclasses import fields, is_dataclass

    if isinstance(value, bool | int | float | complex):
        return torch.tensor(value)
    if isinstance(value, Mapping):
        return {key: _plain_output(member) for key, member in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain_output(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        members = [_plain_output(member) for member in value]
        return members if isinstance(value, list) else tuple(members)
    return value
