"""Values of a recipe by their path: read, and replaced with the checks that reading a recipe makes."""

from collections.abc import Mapping
from typing import Any, NoReturn, cast

import msgspec
from msgspec.structs import replace

from ...core.errors import fail
from ...core.recipe.model import CoreMLInput, Recipe
from .wording import with_labels

Step = str | int
Path = tuple[Step, ...]
"""Attributes, keys of tables and positions: ``("coreml", "outputs", 0, "name")``."""


def value_at(recipe: Recipe, path: Path) -> Any:
    """Return the value at a path; a table without the key gives the key's default, or None."""
    value: Any = recipe
    for step in path:
        match value:
            case tuple():
                value = value[cast(int, step)]
            case Mapping():
                value = value.get(step, _default(path))
            case None:
                return None
            case _:
                value = getattr(value, str(step))
    return value


def with_value(recipe: Recipe, path: Path, value: Any) -> Recipe:
    """Replace the value at a path.

    Raises:
        ExportDeskError: ``recipe.invalid`` where the recipe cannot have it.
    """
    return checked(lambda: _set(recipe, path, path, value))


def with_member(recipe: Recipe, path: Path, member: Any) -> Recipe:
    """Put a member at the end of the tuple at a path."""
    return with_value(recipe, path, (*value_at(recipe, path), member))


def without_member(recipe: Recipe, path: Path, position: int) -> Recipe:
    """Take a member out of the tuple at a path."""
    members = value_at(recipe, path)
    return with_value(recipe, path, (*members[:position], *members[position + 1 :]))


def checked(make: Any) -> Recipe:
    """Return the recipe that ``make`` makes, with every check that reading it from a file would make."""
    try:
        return msgspec.convert(msgspec.to_builtins(make()), Recipe)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        refuse(error)


def refuse(error: Exception) -> NoReturn:
    """Fail with what a check of the recipe said."""
    reason = with_labels(str(error).partition(" - at `")[0])
    fail("recipe.invalid", f"{reason[:1].upper()}{reason[1:]}.", cause=error)


def _default(path: Path) -> Any:
    return CoreMLInput() if path[:2] == ("coreml", "inputs") else None


def _set(node: Any, path: Path, whole: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    match node:
        case tuple():
            place = cast(int, step)
            return (*node[:place], _set(node[place], rest, whole, value), *node[place + 1 :])
        case Mapping():
            made = _set(node.get(step, _default(whole)), rest, whole, value)
            kept = {key: member for key, member in node.items() if key != step}
            # A key that says nothing is left out, as a person would leave it out.
            return kept if made in (_default(whole), "", None) else {**kept, step: made}
        case _:
            return replace(node, **{str(step): _set(getattr(node, str(step)), rest, whole, value)})
