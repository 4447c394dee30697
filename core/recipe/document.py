"""A recipe as a TOML document: read with located errors, written for people."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import tomli_w

from ..errors import fail
from ..staged_files import write_whole
from .model import CoreML, FileFill, Input, Model, Recipe

_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<key>[^`]*)`")
_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_NAMED = ("arguments", "marks", "inputs", "user")
"""Tables whose keys the user chose: an empty value there says something."""
_TOML_LINE = re.compile(r"\(at line (?P<line>\d+), column \d+\)")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a file.

    Raises:
        ExportDeskError: ``recipe.*``, with the file and, where it can be told, the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        fail("recipe.missing", f"There is no recipe at {path}.", file=str(path), hint="Check the path.")
    except (OSError, UnicodeDecodeError) as error:
        fail("recipe.unreadable", f"The recipe {path} cannot be read: {error}.", file=str(path), cause=error)
    return parse_recipe(text, file=str(path))


def parse_recipe(text: str, *, file: str | None = None) -> Recipe:
    """Make a recipe of TOML text; ``file`` is named in errors."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line = int(found["line"]) if found else None
        reason = _TOML_LINE.sub("", str(error)).strip()
        fail("recipe.syntax", f"The recipe is not valid TOML: {reason}.", file=file, line=line, cause=error)
    except (ValueError, RecursionError) as error:
        # An impossible date, a number of thousands of digits, brackets in brackets without end.
        reason = str(error) or "it is nested too deep"
        fail("recipe.syntax", f"The recipe is not valid TOML: {reason}.", file=file, cause=error)
    try:
        return msgspec.convert(document, Recipe)
    except msgspec.ValidationError as error:
        _explain(error, text, file)


def recipe_text(recipe: Recipe) -> str:
    """Return the TOML text of a recipe; ``parse_recipe`` gives an equal recipe back."""
    document = _without_empty(msgspec.to_builtins(recipe))
    document["inputs"] = [_input_document(item) for item in recipe.inputs]
    if not recipe.inputs:
        del document["inputs"]
    if recipe.acknowledged:
        document["acknowledged"] = [_without_none(msgspec.to_builtins(row)) for row in recipe.acknowledged]
    if recipe.torchscript.check_inputs:
        document["torchscript"]["check_inputs"] = [
            {**({"name": row.name} if row.name else {}), "inputs": [_input_document(item) for item in row.inputs]}
            for row in recipe.torchscript.check_inputs
        ]
    return tomli_w.dumps(document)


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe; an earlier file stays as it was unless the new one is whole.

    Raises:
        ExportDeskError: ``recipe.unwritable``.
    """
    try:
        write_whole(path, recipe_text(recipe).encode())
    except OSError as error:
        fail(
            "recipe.unwritable",
            f"The recipe cannot be written to {path}: {error.strerror or error}.",
            file=str(path),
            hint="Choose a folder that you may write to.",
            cause=error,
        )


def _input_document(item: Input) -> dict[str, Any]:
    plain = Input(shape=() if item.kind == "tensor" else None, kind=item.kind)
    always = {"name", "shape", "dtype"} if item.kind == "tensor" else {"name", "kind"}
    document = {
        key: value
        for key, value in msgspec.to_builtins(item).items()
        if value is not None and (key in always or value != getattr(plain, key))
    }
    if not item.name:
        document.pop("name", None)
    if item.items:
        document["items"] = [_input_document(member) for member in item.items]
    if item.shape is not None:
        document["shape"] = [_without_none(msgspec.to_builtins(dimension)) for dimension in item.shape]
    return document


def _without_none(value: Any) -> Any:
    return {key: kept for key, kept in value.items() if kept is not None} if isinstance(value, dict) else value


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """Drop what TOML cannot say (None) and what says nothing (empty tables), but not in tables whose keys are names."""
    kept = {}
    for key, value in document.items():
        if value is None or value in ({}, [], ()):
            continue
        kept[key] = _without_empty(value) if isinstance(value, dict) and key not in _NAMED else value
    return kept


def _explain(error: msgspec.ValidationError, text: str, file: str | None) -> NoReturn:
    message = str(error)
    found = _PATH.search(message)
    path = found["path"].lstrip(".") if found else ""
    reason = _PATH.sub("", message)
    hint = None
    key = path.rpartition(".")[2]
    if unknown := _UNKNOWN_FIELD.search(reason):
        key = unknown["key"]
        place = f"[{path}]" if path else "the recipe"
        reason = f"{place} has no key {key!r}"
        if near := difflib.get_close_matches(key, _keys_at(path), n=1, cutoff=0.5):
            hint = f"Did you mean {near[0]!r}?"
        else:
            hint = f"Known keys: {', '.join(_keys_at(path))}."
    elif path:
        reason = f"{path}: {reason[:1].lower()}{reason[1:]}"
        if allowed := _allowed_values(path):
            hint = f"Allowed: {', '.join(allowed)}."
    fail("recipe.invalid", f"The recipe is wrong: {reason}.", file=file, line=_line_of(text, path, key), hint=hint)


def _keys_at(path: str) -> tuple[str, ...]:
    names = [name for name in re.split(r"\.|\[[^\]]*\]", path) if name]
    if names and names[0] == "inputs":
        part: Any = FileFill if names[-1] == "fill" else Input
        return tuple(part.__struct_fields__)
    part = Recipe
    for name in names:
        annotation = next((field.type for field in msgspec.structs.fields(part) if field.encode_name == name), None)
        members = [annotation, *getattr(annotation, "__args__", ())]
        part = next((kind for kind in members if isinstance(kind, type) and issubclass(kind, msgspec.Struct)), part)
    return tuple(part.__struct_fields__)


def _allowed_values(path: str) -> tuple[str, ...]:
    key = path.rpartition(".")[2]
    for part in (CoreML, Model, Input):
        for field in msgspec.structs.fields(part):
            if field.encode_name == key and (values := getattr(field.type, "__args__", ())):
                return tuple(value for value in values if isinstance(value, str))
    return ("trace", "script") if path.startswith("marks") else ()


def _line_of(text: str, path: str, key: str) -> int | None:
    """Return the line of a key, as far as headings and ``key =`` tell; None where they do not."""
    key = re.sub(r"\[[^\]]*\]", "", key)
    tables = [name for name in re.split(r"\.|\[[^\]]*\]", path) if name]
    index = int(found[1]) if (found := re.search(r"inputs\[(\d+)\]", path)) else 0
    in_table, seen = not tables or tables == [key], -1
    table_line = None
    assignment = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*=""")
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
            name = heading[1].strip("\"' ")
            seen += name == (tables[0] if tables else "")
            in_table = not tables or (name == tables[0] and (not line.lstrip().startswith("[[") or seen == index))
            if in_table and tables:
                table_line = number
            if key == name and in_table and not tables:
                return number
        elif in_table and key and assignment.match(line):
            return number
    return table_line
