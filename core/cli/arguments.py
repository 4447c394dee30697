"""``--arg name=value``: constructor arguments as text."""

import ast
from typing import Any

from ..errors import fail


def parse_arguments(texts: list[str]) -> dict[str, Any]:
    """Read arguments; a value is a Python literal (``3``, ``[1, 2]``, ``True``), or text as it stands.

    Raises:
        ExportDeskError: ``call.arguments``.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            fail("call.arguments", f"--arg {text!r} is not NAME=VALUE.", hint="For example --arg num_channels=3.")
        found[name.strip()] = parse_value(value.strip())
    return found


def parse_value(text: str) -> Any:
    """Return a Python literal, TOML's ``true`` and ``false`` included, or the text itself."""
    if text in ("true", "false"):
        return text == "true"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return list(value) if isinstance(value, tuple) else value
