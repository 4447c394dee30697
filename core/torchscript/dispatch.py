"""A traced module that a scripted parent can call as it calls the module itself.

A trace takes tensors only; the parent may pass numbers, None and keyword arguments, and expect None among the results.
So each form of call that was seen is traced as a method of its own, and ``forward`` is compiled from a few lines that
choose between them by the constants that they were traced with, and refuse any other.
"""

import inspect
import itertools
import keyword
import math
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import fail
from .call_forms import Constant, Mapped, Sequenced, Shape, Tensor, has_tensor
from .capture import Call
from .torch_jit import annotation_text, type_text


@dataclass(frozen=True, kw_only=True)
class _Parameter:
    name: str
    type: str
    default: str | None


class NotDispatchable(Exception):
    """A call that cannot be told apart in TorchScript, with the reason in words."""


def needs_dispatch(calls: Sequence[Call]) -> bool:
    """Whether the plain trace of one call does not do."""
    return len(calls) > 1 or not calls[0].form.is_plain or not _is_plain_output(calls[0].output)


def method_name(index: int) -> str:
    """Return the name of the trace of the call ``index``."""
    return f"traced_call_{index}"


def dispatching_source(signature: inspect.Signature, module: torch.nn.Module, calls: Sequence[Call], path: str) -> str:
    """Return TorchScript source of the ``forward`` that dispatches.

    Raises:
        ExportDeskError: ``trace.call-form`` where the arguments have no type in TorchScript.
    """
    try:
        bound = [_bound(signature, call) for call in calls]
        parameters = _parameters(signature, module, calls, bound)
        branches = [
            _branch(index, call, values, parameters)
            for index, (call, values) in enumerate(zip(calls, bound, strict=True))
        ]
    except NotDispatchable as reason:
        fail(
            "trace.call-form",
            f"{path} is called in a way that a trace inside a scripted module cannot take: {reason}.",
            module=path,
            hint="Mark this module as script too, or mark the module above it as trace.",
        )
    parameters.sort(key=lambda p: p.default is not None)
    lines = [f"def forward({', '.join(['self', *map(_parameter_text, parameters)])}):"]
    for condition, statements in branches:
        indent = "        " if condition else "    "
        lines += [f"    if {condition}:"] if condition else []
        lines += [indent + statement for statement in statements]
    if all(condition for condition, _ in branches):
        seen = "; ".join(_constants_text(values) for values in bound)
        text = f"{path} was traced for calls with {seen}, and is called with something else"
        lines.append(f"    raise ValueError({text!r})")
    return "\n".join(lines) + "\n"


def _bound(signature: inspect.Signature, call: Call) -> dict[str, Shape]:
    try:
        return dict(signature.bind(*call.form.positional, **call.form.keyword).arguments)
    except TypeError as error:
        raise NotDispatchable(str(error)) from error


def _parameters(
    signature: inspect.Signature, module: torch.nn.Module, calls: Sequence[Call], bound: Sequence[dict[str, Shape]]
) -> list[_Parameter]:
    hints = _hints(module)
    found = []
    for p in signature.parameters.values():
        shapes = [values[p.name] for values in bound if p.name in values]
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            if shapes:
                raise NotDispatchable(f"*{p.name} has no counterpart in TorchScript")
            continue
        if keyword.iskeyword(p.name):
            raise NotDispatchable(f"the argument {p.name!r} has a name that TorchScript reserves")
        has_default = p.default is not p.empty
        if has_default:
            shapes = [*shapes, Constant(p.default)]
        kind = _type_of(shapes, hints.get(p.name), [_value(call, signature, p.name) for call in calls])
        if kind is None:
            if all(isinstance(shape, Constant) for shape in shapes):
                continue  # neither passed otherwise nor of a type that TorchScript has: it cannot be passed there
            raise NotDispatchable(f"the argument {p.name!r} has no type in TorchScript")
        default = _literal(p.default) if has_default else None
        if default is None and p.kind is p.KEYWORD_ONLY:
            # A saved file loses the bare star before it (torch 2.13), and may then not load. Given by name only, it
            # may as well stand behind arguments with defaults, and needs one itself for that.
            kind, default = kind if kind.startswith("Optional[") else f"Optional[{kind}]", "None"
        found.append(_Parameter(name=p.name, type=kind, default=default))
    return found


def _value(call: Call, signature: inspect.Signature, name: str) -> Any:
    return signature.bind(*call.arguments.positional, **call.arguments.keyword).arguments.get(name)


def _hints(module: torch.nn.Module) -> dict[str, Any]:
    try:
        return typing.get_type_hints(type(module).forward)
    except Exception:  # a forward reference that does not resolve only costs the hint
        return {}


def _type_of(shapes: Sequence[Shape], hint: Any, values: Sequence[Any]) -> str | None:
    tensors = [shape for shape in shapes if isinstance(shape, Tensor)]
    constants = [shape.value for shape in shapes if isinstance(shape, Constant)]
    if tensors:
        if not constants and len(tensors) == len(shapes):
            return "Tensor"
        return (
            "Optional[Tensor]"
            if all(value is None for value in constants) and len(tensors) + len(constants) == len(shapes)
            else None
        )
    if len(constants) == len(shapes):
        if hint is not None and (known := annotation_text(hint)) is not None:
            return known
        kinds = {type_text(value) for value in constants if value is not None}
        if not kinds:
            return "Optional[Tensor]"
        if len(kinds) > 1 or None in kinds:
            return None
        kind = kinds.pop()
        return f"Optional[{kind}]" if any(value is None for value in constants) else kind
    if constants and any(value is not None for value in constants):
        return None
    containers = {type_text(value) for value in values if value is not None}
    if len(containers) != 1 or not all(_is_all_tensors(shape) for shape in shapes if not isinstance(shape, Constant)):
        return None
    kind = containers.pop()
    return f"Optional[{kind}]" if constants and kind else kind


def _is_all_tensors(shape: Shape) -> bool:
    match shape:
        case Tensor():
            return True
        case Constant():
            return False
        case Sequenced(members=members) | Mapped(members=members):
            return all(_is_all_tensors(member) for member in members)


def _branch(
    index: int, call: Call, values: dict[str, Shape], parameters: Sequence[_Parameter]
) -> tuple[str, list[str]]:
    """Return the condition of a call (empty where it always holds) and the statements that answer it."""
    conditions, passed = [], []
    for parameter in parameters:
        shape = values.get(parameter.name)
        if shape is None:
            conditions.append(_is_constant(parameter, None if parameter.default == "None" else parameter.default))
        elif isinstance(shape, Constant):
            literal = _literal(shape.value)
            conditions.append(_is_constant(parameter, None if literal == "None" else literal))
        elif has_tensor(shape):
            if parameter.type.startswith("Optional["):
                conditions.append(f"{parameter.name} is not None")
            passed.append(parameter.name)
    order = [name for name in values if name in passed]
    traced = f"self.{method_name(index)}({', '.join(order)})"
    condition = " and ".join(conditions)
    if _is_plain_output(call.output):
        return condition, [f"return {traced}"]
    given = f"given_{index}"
    return condition, [f"{given} = {traced}", f"return {_result(call.output, given)}"]


def _is_constant(parameter: _Parameter, literal: str | None) -> str:
    if literal is None:
        return f"{parameter.name} is None"
    if parameter.type.startswith("Optional["):
        return f"{parameter.name} is not None and {parameter.name} == {literal}"
    return f"{parameter.name} == {literal}"


def _is_plain_output(shape: Shape) -> bool:
    return has_tensor(shape) and _is_all_tensors(shape)


def _result(shape: Shape, given: str) -> str:
    """Return an expression that puts the constants of an output back around its tensors."""
    match shape:
        case Tensor():
            return given
        case Constant(value=value):
            return _literal(value)
        case Mapped():
            raise NotDispatchable("it returns a dict with values that are no tensors")
        case Sequenced(members=members, is_list=is_list):
            if is_list:
                raise NotDispatchable("it returns a list with members that are no tensors")
            places = itertools.count()
            texts = [
                _result(member, f"{given}[{next(places)}]") if has_tensor(member) else _result(member, "")
                for member in members
            ]
            return f"({', '.join(texts)},)"


def _literal(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        raise NotDispatchable("a tensor is the default of an argument")
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple) and all(isinstance(member, bool | int | float | str) for member in value):
        return repr(value)
    raise NotDispatchable(f"it is given {type(value).__name__}, which TorchScript does not have")


def _parameter_text(parameter: _Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{parameter.name}: {parameter.type}{default}"


def _constants_text(values: dict[str, Shape]) -> str:
    rows = [f"{name}={shape.value!r}" for name, shape in values.items() if isinstance(shape, Constant)]
    return ", ".join(rows) or "tensors only"
