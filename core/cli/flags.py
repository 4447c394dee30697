"""Flags applied to a recipe: their values meet the same rules as those of a file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ExportDeskError, fail
from ..recipe.document import parse_recipe, recipe_text
from ..recipe.input_text import parse_input
from ..recipe.model import CheckInputs, CoreMLFunction, Input, Recipe
from ..recipe.nested_inputs import nested_inputs
from .arguments import parse_value


def with_flags(recipe: Recipe, tables: Mapping[str, Mapping[str, Any]], inputs: Sequence[Input] = ()) -> Recipe:
    """Return the recipe with keys of its tables replaced (None leaves a key as it is) and inputs added or replaced.

    Args:
        inputs: named by their paths, see ``nested_inputs``.

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
    by_name = {(item.method, item.name): item for item in found.inputs}
    by_name |= {(item.method, item.name): item for item in nested_inputs(inputs)}
    return checked(lambda: msgspec.structs.replace(found, inputs=tuple(by_name.values())))


def value_input(text: str) -> Input:
    """Read one ``--value``: an argument that is no tensor."""
    name, equals, literal = text.partition("=")
    if not equals or not name.strip():
        fail("call.input", f"--value {text!r} is not NAME=VALUE.", hint="For example --value scale=0.5.")
    found = None if literal.strip() == "None" else parse_value(literal.strip())
    if not isinstance(found, bool | int | float | str | None):
        fail("call.input", f"--value {text!r} is no number, text, truth value or None.")
    return Input(name=name.strip(), kind="value", value=found)


def functions(texts: Sequence[str]) -> tuple[CoreMLFunction, ...]:
    """Read each ``--function``: ``name=method``, or ``name=other.mlpackage``, with ``:function`` if it has several."""
    found = []
    for text in texts:
        name, equals, origin = text.partition("=")
        if not equals or not name.strip() or not origin.strip():
            fail(
                "call.function",
                f"--function {text!r} is not NAME=METHOD or NAME=FILE.mlpackage.",
                hint="For example --function encode=encode --function decode=decoder/Decoder.mlpackage.",
            )
        package, colon, source = origin.strip().rpartition(":")
        if not (colon and package.endswith(".mlpackage")):
            package, source = origin.strip(), "main"
        if package.endswith(".mlpackage"):
            found.append(CoreMLFunction(name=name.strip(), package=str(Path(package).resolve()), source=source))
        else:
            found.append(CoreMLFunction(name=name.strip(), method=package))
    return tuple(found)


def check_rows(texts: Sequence[str]) -> tuple[CheckInputs, ...]:
    """Read each ``--check-input`` as one row; its inputs are separated by semicolons."""
    rows = [[parse_input(part) for part in text.split(";") if part.strip()] for text in texts]
    if not all(rows):
        fail("call.input", "--check-input is empty.", hint="For example --check-input x=1,3,64,64.")
    return tuple(CheckInputs(inputs=nested_inputs(row)) for row in rows)


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
