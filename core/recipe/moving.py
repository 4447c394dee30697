"""A recipe taken to another folder."""

import os
from pathlib import Path

import msgspec

from .model import FileFill, Input, Recipe


def moved_recipe(recipe: Recipe, folder: Path, place: Path) -> Recipe:
    """Return the recipe with its paths made relative to ``place``; they were relative to ``folder``."""

    def moved(path: str) -> str:
        try:
            return Path(os.path.relpath((folder / path).resolve(), place)).as_posix()
        except ValueError:  # another drive on Windows
            return str((folder / path).resolve())

    def moved_input(item: Input) -> Input:
        fill = FileFill(file=moved(item.fill.file)) if isinstance(item.fill, FileFill) else item.fill
        return msgspec.structs.replace(item, fill=fill, items=tuple(moved_input(member) for member in item.items))

    weights = recipe.model.weights
    model = msgspec.structs.replace(
        recipe.model, file=moved(recipe.model.file), weights=None if weights is None else moved(weights)
    )
    rows = tuple(
        msgspec.structs.replace(row, inputs=tuple(moved_input(item) for item in row.inputs))
        for row in recipe.torchscript.check_inputs
    )
    torchscript = msgspec.structs.replace(recipe.torchscript, check_inputs=rows)
    inputs = tuple(moved_input(item) for item in recipe.inputs)
    classifier = recipe.coreml.classifier
    if classifier is not None and classifier.labels_file is not None:
        classifier = msgspec.structs.replace(classifier, labels_file=moved(classifier.labels_file))
    functions = tuple(
        item if item.package is None else msgspec.structs.replace(item, package=moved(item.package))
        for item in recipe.coreml.functions
    )
    coreml = msgspec.structs.replace(recipe.coreml, classifier=classifier, functions=functions)
    return msgspec.structs.replace(recipe, model=model, inputs=inputs, torchscript=torchscript, coreml=coreml)
