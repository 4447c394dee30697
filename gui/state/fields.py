"""Fields of forms as data: what a field shows, and the edit that follows from what is put into it.

A field is derived from the recipe's own declaration (a truth value becomes a switch, a closed set of words a choice,
a tuple of names a text with commas) and from its ``words``: label, help, and how its values are called.
"""

import re
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from ...core.errors import fail
from ...core.recipe.model import Recipe
from .recipe_values import Path, value_at, with_value
from .words import Words, words_of

_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")
FieldKind = Literal["switch", "choice", "text", "number", "lines"]
Value = bool | int | str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value of a form. Fields that differ in ``edit`` alone are equal."""

    key: str
    """Unique in its form: the path of the value in the recipe."""
    label: str
    kind: FieldKind
    value: Value
    edit: Callable[[Recipe, Any], Recipe] = field(compare=False)
    """Takes what was put in; fails where that cannot be."""
    choices: tuple[tuple[str, str], ...] = ()
    lowest: int = 0
    highest: int = 2_147_483_647
    help: str = ""
    hint: str = ""
    """Shown in an empty text."""
    problem: str = ""
    """Why the value does not fit to the others."""
    files: str = ""
    """The value is a path: a filter of file dialogs, as Qt reads it."""
    is_enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button that edits the recipe."""

    key: str
    label: str
    name: str
    """Of the undo step."""
    edit: Callable[[Recipe], Recipe] = field(compare=False)
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """Fields under a heading that folds."""

    key: str
    title: str
    fields: tuple[Field, ...] = ()
    note: str = ""
    problem: str = ""
    """What does not fit, and belongs to no single field."""
    actions: tuple[Action, ...] = ()
    is_open: bool = False
    """Whether it is unfolded before anybody has touched it."""
    has_heading: bool = True


def recipe_field(recipe: Recipe, path: Path, **changes: Any) -> Field:
    """Return the field of the value at a path; ``changes`` replace what is derived."""
    owner = type(value_at(recipe, path[:-1]))
    name = str(path[-1])
    words = words_of(owner, name)
    kind, choices = _kind(owner, name, words)
    derived: dict[str, Any] = {
        "key": path_text(path),
        "label": words.label,
        "kind": kind,
        "value": _shown(value_at(recipe, path), kind),
        "edit": lambda recipe, value: with_value(recipe, path, _read(owner, name, value, words.label)),
        "choices": choices,
        "lowest": words.lowest,
        "highest": words.highest,
        "help": words.help,
        "hint": words.hint,
        "files": words.files,
    }
    return Field(**{**derived, **changes})


def path_text(path: Path) -> str:
    """Return ``coreml.outputs.0.name``."""
    return ".".join(map(str, path))


@cache
def _annotation(owner: type, name: str) -> Any:
    return next(found.type for found in msgspec.structs.fields(owner) if found.name == name)


def _parts(annotation: Any) -> tuple[Any, bool]:
    """Return the type without None, and whether None was allowed."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) < len(get_args(annotation)):
            return (members[0] if len(members) == 1 else Union[tuple(members)]), True  # noqa: UP007 - made at run time
    return annotation, False


def _kind(owner: type, name: str, words: Words) -> tuple[FieldKind, tuple[tuple[str, str], ...]]:
    annotation, is_optional = _parts(_annotation(owner, name))
    if get_origin(annotation) is Literal:
        values = [(value, words.choices.get(value, value)) for value in map(str, get_args(annotation))]
        return "choice", ((("", words.choices.get("", "automatic")),) if is_optional else ()) + tuple(values)
    if annotation is bool:
        return "switch", ()
    if annotation is int:
        return "number", ()
    if get_origin(annotation) is dict or words.is_long:
        return "lines", ()
    return "text", ()


def _shown(value: Any, kind: FieldKind) -> Value:
    match value:
        case bool() | str():
            return value
        case int():
            return value if kind == "number" else str(value)
        case float():
            return f"{value:g}"
        case tuple():
            return ("\n" if kind == "lines" else ", ").join(str(_shown(member, "text")) for member in value)
        case dict():
            return "\n".join(f"{key}: {member}" for key, member in value.items())
        case None:
            return ""
    raise TypeError(type(value))


def _read(owner: type, name: str, value: Value, label: str) -> Any:
    annotation, is_optional = _parts(_annotation(owner, name))
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text and is_optional:
        return None
    origin = get_origin(annotation)
    if annotation is float:
        return _number(text, label)
    if origin is tuple:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        is_number = get_args(annotation)[0] is float
        return tuple(_number(part, label) if is_number else part for part in parts)
    if origin is dict:
        return _lines(text, label)
    return text


def _number(text: str, label: str) -> float:
    # A comma stands for the point in half of Europe; where it may part thousands it is no number at all.
    plain = text if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        fail("call.value", f"{label}: {text!r} is not a number.", hint="Write numbers with a point, as 0.5 or 1e-5.")


def _lines(text: str, label: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if line.strip() and not (colon and key.strip()):
            fail("call.value", f"{label}: {line.strip()!r} has no name.", hint="Write one “name: text” a line.")
        if line.strip():
            found[key.strip()] = value.strip()
    return found
