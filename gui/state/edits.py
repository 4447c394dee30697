"""Edits of a recipe: each takes a recipe and returns a new one, or fails and changes nothing."""

import ast
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.errors import fail
from ...core.recipe.model import CoreMLClassifier, Input, Mark, Recipe
from ...core.results import Parameter, SuggestedInput
from .recipe_values import refuse, with_value


def with_marks(recipe: Recipe, paths: Collection[str], mark: Mark | None) -> Recipe:
    """Mark modules, or let them inherit again (``mark`` None)."""
    changed = set(paths)
    marks = {key: value for key, value in recipe.marks.items() if key not in changed}
    if mark is not None:
        marks.update(dict.fromkeys(paths, mark))
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


def with_suggested_inputs(recipe: Recipe, suggested: tuple[SuggestedInput, ...]) -> Recipe:
    """Fill an empty inputs table with what the inspection proposes."""
    if recipe.inputs or not suggested:
        return recipe
    inputs = [{"name": item.name, "shape": item.shape, "dtype": item.dtype, "high": item.high} for item in suggested]
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


def _checked_recipe(recipe: Recipe, inputs: tuple[Input, ...]) -> Recipe:
    try:
        return replace(recipe, inputs=inputs)
    except ValueError as error:
        refuse(error)
