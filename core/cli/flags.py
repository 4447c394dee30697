"""Flags applied to a recipe: their values meet the same rules as those of a file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ..errors import ExportDeskError, fail
from ..recipe.document import parse_recipe, recipe_text
from ..recipe.input_text import parse_input
from ..recipe.model import Recipe


def with_flags(recipe: Recipe, tables: Mapping[str, Mapping[str, Any]], inputs: Sequence[str] = ()) -> Recipe:
    """Return the recipe with keys of its tables replaced (None leaves a key as it is) and inputs added or replaced.

    Raises:
        ExportDeskError: ``call.option``, ``call.input``, ``call.shape``.
    """

    def changed() -> Recipe:
        parts: dict[str, Any] = {
            name: msgspec.structs.replace(
                getattr(recipe, name), **{key: value for key, value in values.items() if value is not None}
            )
            for name, values in tables.items()
        }
        return msgspec.structs.replace(recipe, **parts)

    found = checked(changed)
    if not inputs:
        return found
    by_name = {item.name: item for item in found.inputs} | {item.name: item for item in map(parse_input, inputs)}
    return checked(lambda: msgspec.structs.replace(found, inputs=tuple(by_name.values())))


def checked(make: Callable[[], Recipe]) -> Recipe:
    """Return what ``make`` returns as if it had been read from a file."""
    try:
        return parse_recipe(recipe_text(make()))
    except ValueError as error:
        fail("call.option", f"The call is wrong: {error}.", cause=error)
    except ExportDeskError as error:
        if error.failure.code != "recipe.invalid":
            raise
        # Said of a document that nobody has written, so without its line.
        fail("call.option", error.failure.message.replace("The recipe", "The call"), hint=error.failure.hint)
