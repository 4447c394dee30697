"""Edits of a recipe: each takes a recipe and returns a new one, or fails and changes nothing."""

import ast
import os
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
from msgspec.structs import replace

from ...core.errors import fail
from ...core.recipe.input_text import parse_shape
from ...core.recipe.model import FILLS, CoreMLClassifier, DtypeName, FileFill, FillName, Input, Mark, Recipe
from ...core.results import Parameter, SuggestedInput
from .recipe_values import refuse, with_value


def with_mark(recipe: Recipe, path: str, mark: Mark | None) -> Recipe:
    """Mark a module, or let it inherit again (``mark`` None)."""
    marks = {key: value for key, value in recipe.marks.items() if key != path}
    if mark is not None:
        marks[path] = mark
    return replace(recipe, marks=dict(sorted(marks.items())))


def with_entry(recipe: Recipe, entry: str) -> Recipe:
    """Choose another entry. Arguments, inputs and marks belonged to the old one, and go."""
    if entry == recipe.model.entry:
        return recipe
    model = replace(recipe.model, entry=entry, arguments={}, methods=())
    return replace(recipe, model=model, inputs=(), marks={})


def with_methods(recipe: Recipe, name: str, *, is_on: bool) -> Recipe:
    """Export one more method of the model, or one less; inputs go with their method.

    Raises:
        ExportDeskError: ``recipe.invalid``; something must be exported.
    """
    before = recipe.model.methods or ("forward",)
    methods = (*before, name) if is_on and name not in before else tuple(m for m in before if is_on or m != name)
    if not methods:
        fail("recipe.invalid", "At least one method must be exported.", hint="Choose another one first.")
    kept = [(item, item.method or before[0]) for item in recipe.inputs]
    inputs = tuple(
        replace(item, method=method if len(methods) > 1 else None) for item, method in kept if method in methods
    )
    model = replace(recipe.model, methods=() if methods == ("forward",) else methods)
    return replace(recipe, model=model, inputs=inputs)


def with_classifier(recipe: Recipe, key: str, value: str) -> Recipe:
    """Change the classifier from what was typed; labels make one, and without labels there is none.

    Raises:
        ExportDeskError: ``recipe.invalid``.
    """
    classifier = recipe.coreml.classifier
    text = value.strip()
    changes: dict[str, Any] = {key: text or None}
    if key == "labels":
        labels = tuple(line.strip() for line in value.splitlines() if line.strip())
        changes = {"labels": labels, "labels_file": None} if labels else {"labels": ()}
    elif key == "labels_file" and text:
        changes = {"labels": (), "labels_file": text}
    elif key == "predicted":
        changes = {key: text or "classLabel"}
    changed = {**({} if classifier is None else msgspec.structs.asdict(classifier)), **changes}
    has_labels = changed.get("labels") or changed.get("labels_file")
    return with_value(recipe, ("coreml", "classifier"), CoreMLClassifier(**changed) if has_labels else None)


def with_argument(recipe: Recipe, parameter: Parameter, text: str) -> Recipe:
    """Set one constructor argument from what was typed; an empty text takes it away."""
    arguments = {key: value for key, value in recipe.model.arguments.items() if key != parameter.name}
    if text.strip():
        arguments[parameter.name] = argument_value(text, parameter.annotation)
    return with_value(recipe, ("model", "arguments"), arguments)


def argument_value(text: str, annotation: str | None) -> Any:
    """Return the Python value that a typed text means: a literal, else the text itself."""
    text = text.strip()
    if annotation in ("str", "'str'"):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    # TOML has lists only, so that is what a saved recipe would give back.
    return list(value) if isinstance(value, tuple | set) else value


def argument_text(value: Any) -> str:
    """Return the text that ``argument_value`` reads back."""
    if not isinstance(value, str):
        return repr(value)
    return repr(value) if argument_value(value, None) != value else value


def with_added_input(recipe: Recipe, taken: tuple[str, ...] = ()) -> Recipe:
    """Add a tensor input; it gets the first name in ``taken`` that has no row yet, else a new one."""
    names = {item.name for item in recipe.inputs}
    free = [name for name in taken if name not in names] + [f"input_{n}" for n in range(1, len(names) + 2)]
    name = next(name for name in free if name not in names)
    return replace(recipe, inputs=(*recipe.inputs, Input(name=name, shape=(1,))))


def without_inputs(recipe: Recipe, rows: set[int]) -> Recipe:
    """Take rows out of the inputs table."""
    return replace(recipe, inputs=tuple(item for row, item in enumerate(recipe.inputs) if row not in rows))


def with_input_field(recipe: Recipe, row: int, field: str, text: str) -> Recipe:
    """Change one cell of the inputs table from its text.

    Raises:
        ExportDeskError: the text is not a shape, a dtype or a fill, or two inputs would have one name.
    """
    item = recipe.inputs[row]
    text = text.strip()
    match field:
        case "name":
            changed = _changed(item, {"name": text})
        case "shape":
            changed = _changed(item, {"shape": parse_shape(text)})
        case "dtype":
            changed = _changed(item, {"dtype": _one_of(text, get_args(DtypeName), "a dtype")})
        case "fill":
            changed = _changed(item, {"fill": parse_fill(text)})
        case _:
            raise ValueError(field)
    return _checked_recipe(recipe, (*recipe.inputs[:row], changed, *recipe.inputs[row + 1 :]))


def parse_fill(text: str) -> FillName | FileFill | None:
    """Read ``normal``, ``@sample.npy``, or an empty text for the dtype's usual fill."""
    if not text or text == "automatic":
        return None
    if text.startswith("@"):
        if not text[1:].strip():
            fail("call.fill", "There is no file name after '@'.", hint="Write @sample.npy.")
        return FileFill(file=text[1:].strip())
    return cast(FillName, _one_of(text, FILLS, "a fill"))


def fill_text(item: Input) -> str:
    """Return the text that ``parse_fill`` reads back."""
    match item.fill:
        case None:
            return "automatic"
        case FileFill(file=file):
            return f"@{file}"
        case _:
            return item.fill


def with_suggested_inputs(recipe: Recipe, suggested: tuple[SuggestedInput, ...]) -> Recipe:
    """Fill an empty inputs table with what the inspection proposes."""
    if recipe.inputs or not suggested:
        return recipe
    inputs = [{"name": item.name, "shape": item.shape, "dtype": item.dtype} for item in suggested]
    return _checked_recipe(recipe, msgspec.convert(msgspec.to_builtins(inputs), tuple[Input, ...]))


def relative_text(file: Path, folder: Path) -> str:
    """Return how a recipe in ``folder`` names a file: relative where that stays readable, else absolute."""
    return _relative(file, folder)


def _relative(file: Path, folder: Path) -> str:
    try:
        text = os.path.relpath(file, folder)
    except ValueError:  # another drive
        return str(file)
    return text if not text.startswith(os.pardir + os.sep + os.pardir) else os.path.normpath(file)


def _one_of(text: str, allowed: tuple[str, ...], what: str) -> str:
    if text not in allowed:
        fail("call.value", f"{text!r} is not {what}.", hint=f"Choose one of: {', '.join(allowed)}.")
    return text


def _changed(part: Any, changes: dict[str, Any]) -> Any:
    """Replace fields, with the checks that reading a recipe would make."""
    try:
        changed = replace(part, **changes)
        return msgspec.convert(msgspec.to_builtins(changed), type(part))
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        refuse(error)


def _checked_recipe(recipe: Recipe, inputs: tuple[Input, ...]) -> Recipe:
    try:
        return replace(recipe, inputs=inputs)
    except ValueError as error:
        refuse(error)
