"""Single keys of a recipe set by name: ``torchscript.strict=false``."""

import tomllib
from collections.abc import Sequence
from typing import Any

import tomli_w

from ..errors import fail
from .document import parse_recipe, recipe_text
from .model import Recipe


def with_values(recipe: Recipe, texts: Sequence[str]) -> Recipe:
    """Return a recipe with keys set, each given as ``table.key=value``; a value is TOML, or text as it stands.

    Raises:
        ExportDeskError: ``call.set`` for text of another form, ``recipe.*`` for a key or value that a recipe refuses.
    """
    if not texts:
        return recipe
    document = tomllib.loads(recipe_text(recipe))
    for text in texts:
        key, equals, value = text.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not equals or not all(names):
            fail("call.set", f"--set {text!r} is not KEY=VALUE.", hint="For example --set torchscript.strict=false.")
        table = document
        for name in names[:-1]:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                fail("call.set", f"--set {key.strip()}: {name!r} holds no keys.")
        table[names[-1]] = _value(value.strip())
    return parse_recipe(tomli_w.dumps(document))


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # an impossible date is a ValueError, and text is what it is
        return text
