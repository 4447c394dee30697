"""Inputs of a recipe bound to a signature: which are positional, which go by keyword, which do not fit."""

import difflib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import fail
from ..recipe.input_text import shape_text
from ..recipe.model import Input
from ..results import SuggestedInput

_PLAIN = (int, float, bool, str, "int", "float", "bool", "str")
"""Annotations of arguments that are plain values."""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """The inputs of one callable, in the order in which they are passed."""

    positional: tuple[Input, ...]
    keyword: tuple[Input, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (*self.positional, *self.keyword)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Values for one call."""

    positional: tuple[Any, ...]
    keyword: dict[str, Any]


def bind(
    signature: inspect.Signature,
    inputs: Sequence[Input],
    callee: str,
    *,
    suggestions: Callable[[], Sequence[SuggestedInput]] = tuple,
    file: str | None = None,
    line: int | None = None,
) -> Binding:
    """Bind inputs to a signature by name.

    Inputs are passed by position for as long as the signature allows it without a gap, as a hand-written example
    would be; the rest go by keyword. An input that has the name of ``*args`` itself gives its members one by one, and
    so does a dict with the name of ``**kwargs``; other names that the signature lacks go to ``**kwargs`` if there is
    one, and to ``*args`` otherwise.

    Raises:
        ExportDeskError: ``call.input``, before anything runs.
    """
    parameters = list(signature.parameters.values())
    kinds = {parameter.kind for parameter in parameters}
    variable = [item for item in inputs if _is_named(item, parameters, inspect.Parameter.VAR_POSITIONAL)]
    inputs = _with_members_of_kwargs([item for item in inputs if item not in variable], parameters)
    by_name = {item.name: item for item in inputs}
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    extra = [item for item in inputs if item.name not in {p.name for p in named}]
    if extra and not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        names = [p.name for p in named]
        near = difflib.get_close_matches(extra[0].name, names, n=1)
        fail(
            "call.input",
            f"{callee} has no argument {extra[0].name!r}.",
            file=file,
            line=line,
            hint=f"Did you mean {near[0]!r}?" if near else f"Its arguments: {', '.join(names) or 'none'}.",
        )
    missing = [p.name for p in named if p.default is p.empty and p.name not in by_name]
    if missing:
        fail(
            "call.input",
            f"{callee} needs an input for {', '.join(missing)}.",
            file=file,
            line=line,
            hint=_how_to_give([p for p in named if p.name in missing], suggestions()),
        )
    positional: list[Input] = []
    keyword: list[Input] = []
    for parameter in named:
        if parameter.name not in by_name:
            if parameter.kind is not parameter.KEYWORD_ONLY:
                # Whatever follows a gap can only be named.
                named_from_here = named[named.index(parameter) :]
                keyword += [by_name[p.name] for p in named_from_here if p.name in by_name]
                break
            continue
        (keyword if parameter.kind is parameter.KEYWORD_ONLY else positional).append(by_name[parameter.name])
    if inspect.Parameter.VAR_KEYWORD in kinds or keyword:
        keyword += extra
    else:
        positional += extra
    for item in variable:
        if any(p.name in {row.name for row in keyword} for p in named if p.kind is not p.KEYWORD_ONLY):
            fail(
                "call.input",
                f"{callee} takes {item.name} behind its other arguments, and one of those is left out.",
                hint="Give an input for each argument before it.",
            )
        positional += _members(item)
    return Binding(positional=tuple(positional), keyword=tuple(keyword))


def _is_named(item: Input, parameters: Sequence[inspect.Parameter], kind: object) -> bool:
    return any(p.kind is kind and p.name == item.name for p in parameters)


def _members(item: Input) -> list[Input]:
    """Return the members of a tuple or list as inputs of their own; anything else is one."""
    if item.kind not in ("tuple", "list"):
        return [item]
    return [
        msgspec.structs.replace(member, name=f"{item.name}_{index}", method=item.method)
        for index, member in enumerate(item.items)
    ]


def _with_members_of_kwargs(inputs: Sequence[Input], parameters: Sequence[inspect.Parameter]) -> list[Input]:
    found: list[Input] = []
    for item in inputs:
        if item.kind == "dict" and _is_named(item, parameters, inspect.Parameter.VAR_KEYWORD):
            found += [msgspec.structs.replace(member, method=item.method) for member in item.items]
        else:
            found.append(item)
    return found


def _how_to_give(missing: Sequence[inspect.Parameter], suggestions: Sequence[SuggestedInput]) -> str:
    known = {suggestion.name: suggestion for suggestion in suggestions}
    flags = []
    for parameter in missing:
        name = parameter.name
        if suggestion := known.get(name):
            dtype = "" if suggestion.dtype == "float32" else f":{suggestion.dtype}"
            flags.append(f"--input {name}={shape_text(suggestion.shape)}{dtype}")
        elif parameter.annotation in _PLAIN:
            flags.append(f"--value {name}={getattr(parameter.annotation, '__name__', parameter.annotation).upper()}")
        else:
            flags.append(f"--input {name}=SHAPE")
    names = [parameter.name for parameter in missing]
    reasons = [suggestion.reason for suggestion in known.values() if suggestion.name in names]
    because = f" (a suggestion: {reasons[0]})" if reasons else ""
    return f"Add {' '.join(flags)}{because}, or an [[inputs]] table in the recipe."
