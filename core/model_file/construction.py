"""Calling a constructor or factory with the arguments of a recipe, as its signature types them."""

import difflib
import inspect
import types
import typing
from pathlib import Path
from typing import Any

from ..errors import fail
from .user_errors import fail_in_user_code


def call_with_arguments(target: Any, name: str, arguments: dict[str, Any], file: Path) -> Any:
    """Call ``target`` with named arguments.

    Raises:
        ExportDeskError: ``call.arguments`` where they do not fit the signature, ``model.construction`` where the
            user's code raises.
    """
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        signature = inspect.Signature([inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])
    line = _line_of(target)
    _check(signature, name, arguments, file, line)
    types_of = _annotations(target)
    values = {key: _typed(value, types_of.get(key)) for key, value in arguments.items()}
    try:
        # Positional-only parameters cannot be given by name.
        positional = [
            values.pop(parameter.name)
            for parameter in signature.parameters.values()
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and parameter.name in values
        ]
        return target(*positional, **values)
    except BaseException as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        fail_in_user_code("model.construction", f"{name}({shown}) failed", error)


def _check(signature: inspect.Signature, name: str, arguments: dict[str, Any], file: Path, line: int | None) -> None:
    named = {
        parameter.name: parameter
        for parameter in signature.parameters.values()
        if parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    }
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())
    unknown = [key for key in arguments if key not in named]
    if unknown and not takes_any:
        near = difflib.get_close_matches(unknown[0], list(named), n=1)
        fail(
            "call.arguments",
            f"{name} takes no argument {unknown[0]!r}.",
            file=str(file),
            line=line,
            hint=f"Did you mean {near[0]!r}?" if near else f"It takes: {', '.join(named) or 'none'}.",
        )
    missing = [key for key, p in named.items() if p.default is inspect.Parameter.empty and key not in arguments]
    if missing:
        flags = " ".join(f"--arg {key}=…" for key in missing)
        fail(
            "call.arguments",
            f"{name} cannot be made without its arguments: {', '.join(missing)}.",
            file=str(file),
            line=line,
            hint=f"Give them with {flags}, under [model] arguments in the recipe, or in the window's Arguments field.",
        )


def _line_of(target: Any) -> int | None:
    code = getattr(getattr(target, "__init__" if isinstance(target, type) else "__call__", None), "__code__", None)
    code = getattr(target, "__code__", code)
    return None if code is None else int(code.co_firstlineno)


def _annotations(target: Any) -> dict[str, Any]:
    function = getattr(target, "__init__", target) if isinstance(target, type) else target
    try:
        return typing.get_type_hints(function)
    except Exception:  # a forward reference that does not resolve is the user's business, and only costs the typing
        return {}


def _typed(value: Any, annotation: Any) -> Any:
    """Return a recipe's value as the annotation wants it, where that is plain; otherwise as it is."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        annotation = members[0] if len(members) == 1 else None
        origin = typing.get_origin(annotation)
    if annotation is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if annotation is str and not isinstance(value, str):
        return str(value)
    if (annotation is tuple or origin is tuple) and isinstance(value, list):
        return tuple(value)
    if (annotation is set or origin is set) and isinstance(value, list):
        return set(value)
    return value
