"""Signatures and docstrings of definitions, from their source."""

import ast
import inspect

from ..results import Parameter
from .source import ModelSource

Function = ast.FunctionDef | ast.AsyncFunctionDef


def parameters_of(function: Function | ast.Lambda, source: ModelSource, *, skip_first: bool) -> tuple[Parameter, ...]:
    """Return the parameters in the order of the signature; ``skip_first`` leaves ``self`` out."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    rows = [
        _parameter(argument, default, "positional", source)
        for argument, default in zip(positional, defaults, strict=True)
    ]
    if skip_first:
        rows = rows[1:]
    if arguments.vararg:
        rows.append(_parameter(arguments.vararg, None, "var_positional", source))
    rows += [
        _parameter(argument, default, "keyword", source)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        rows.append(_parameter(arguments.kwarg, None, "var_keyword", source))
    return tuple(rows)


def dataclass_parameters(definition: ast.ClassDef, source: ModelSource) -> tuple[Parameter, ...]:
    """Return what the generated ``__init__`` of a dataclass takes, its own fields only."""
    return tuple(
        Parameter(
            name=statement.target.id,
            annotation=source.segment(statement.annotation),
            default=source.segment(statement.value) if statement.value else None,
        )
        for statement in definition.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and "ClassVar" not in source.segment(statement.annotation)
    )


def first_paragraph(node: Function | ast.ClassDef | ast.Module) -> str | None:
    """Return the docstring's first paragraph as one line, None without one."""
    text = ast.get_docstring(node, clean=False)
    if not text:
        return None
    paragraph = inspect.cleandoc(text).split("\n\n", 1)[0]
    return " ".join(paragraph.split()) or None


def _parameter(argument: ast.arg, default: ast.expr | None, kind: str, source: ModelSource) -> Parameter:
    return Parameter(
        name=argument.arg,
        annotation=source.segment(argument.annotation) if argument.annotation else None,
        default=source.segment(default) if default else None,
        kind=kind,
    )
