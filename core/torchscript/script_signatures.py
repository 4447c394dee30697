"""Signatures as research code has them, made ones that the script compiler takes."""

import ast
import contextlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.jit import frontend

_frontend: Any = frontend
_USERS_OF_DEFAULTS: tuple[Any, ...] = (torch.jit._recursive, torch.jit._script)
_TORCH = str(Path(torch.__file__).parent)
_OF_NONE = "Optional[Tensor]"


@contextlib.contextmanager
def signatures_completed(*, none_is_optional: bool) -> Iterator[None]:
    """Let the compiler read more from a signature than it does itself (torch 2.13).

    An argument without annotation takes the type of its default, which torch takes for a Tensor and then refuses.
    Keyword-only arguments with a default can also be given by position, and ``*args`` or ``**kwargs`` that the body
    never mentions are left out. Torch's own functions, and those with a type comment, stay as they are.

    Args:
        none_is_optional: whether ``mask=None`` means ``Optional[Tensor]``; else it is a Tensor that must be given.
            Torch takes it for a Tensor that may be left out, and cannot save that.
    """
    build_def, default_args = _frontend.build_def, _frontend.get_default_args

    def completed(context: Any, definition: Any, type_line: Any, *rest: Any, **more: Any) -> Any:
        if type_line is None and not str(getattr(context, "filename", "")).startswith(_TORCH):
            _complete(definition, none_is_optional)
        return build_def(context, definition, type_line, *rest, **more)

    def defaults(function: Any) -> Any:
        found = default_args(function)
        if none_is_optional or not found:
            return found
        parameters = inspect.signature(function).parameters
        return {
            name: value
            for name, value in found.items()
            if value is not None or parameters[name].annotation is not inspect.Parameter.empty
        }

    _frontend.build_def = completed
    for module in _USERS_OF_DEFAULTS:
        module.get_default_args = defaults
    try:
        yield
    finally:
        _frontend.build_def = build_def
        for module in _USERS_OF_DEFAULTS:
            module.get_default_args = default_args


def is_about_optional(text: str) -> bool:
    """Whether an error may come from the type that an argument with the default None was given."""
    return _OF_NONE in text


def _complete(definition: ast.FunctionDef, none_is_optional: bool) -> None:
    """Change the syntax tree, which the compiler has just parsed for itself."""
    arguments = definition.args
    used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    if arguments.vararg is not None and arguments.vararg.arg not in used:
        arguments.vararg = None
    if arguments.kwarg is not None and arguments.kwarg.arg not in used:
        arguments.kwarg = None
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [*zip(positional, [*missing, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for argument, default in pairs:
        if argument.annotation is None and isinstance(default, ast.Constant):
            argument.annotation = _annotation_of(default.value, argument, none_is_optional)
    if arguments.vararg is None and any(default is not None for default in arguments.kw_defaults):
        arguments.args += arguments.kwonlyargs
        arguments.kwonlyargs, arguments.kw_defaults = [], []


def _annotation_of(default: object, place: ast.arg, none_is_optional: bool) -> ast.expr | None:
    if default is None and none_is_optional:
        text = _OF_NONE
    elif isinstance(default, bool | int | float | str):
        text = type(default).__name__
    else:
        return None
    annotation = ast.parse(text, mode="eval").body
    for node in ast.walk(annotation):
        ast.copy_location(node, place)
    return annotation
