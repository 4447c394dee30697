"""What is written into the package for the people who use it."""

import json
from typing import Any

import torch

from ..errors import fail
from ..mil.scopes import METADATA_KEY, module_map
from ..recipe.model import CoreMLMetadata

PREVIEW_KEY = "com.apple.coreml.model.preview.type"
"""Source: coremltools' guide "Xcode model preview types"."""


def write_metadata(model: Any, metadata: CoreMLMetadata) -> None:
    """Write the recipe's metadata into a converted model, in place.

    Raises:
        ExportDeskError: ``recipe.metadata`` where a description is for an input or output that the model lacks.
    """
    if metadata.author:
        model.author = metadata.author
    if metadata.license:
        model.license = metadata.license
    if metadata.version:
        model.version = metadata.version
    if metadata.description:
        model.short_description = metadata.description
    if metadata.preview:
        model.user_defined_metadata[PREVIEW_KEY] = metadata.preview
    for key, value in metadata.user.items():
        model.user_defined_metadata[key] = value
    description = model.get_spec().description
    _describe(description.input, model.input_description, metadata.inputs, "input")
    _describe(description.output, model.output_description, metadata.outputs, "output")


def write_module_map(model: Any, module: torch.nn.Module | None) -> None:
    """Write into an ML program which submodule each value came from; the saved program itself does not tell."""
    if model._mil_program is None:
        return
    paths = () if module is None else tuple(path for path, _ in module.named_modules())
    table = module_map(model._mil_program, paths)
    if table:
        model.user_defined_metadata[METADATA_KEY] = json.dumps(table, separators=(",", ":"))


def _describe(features: Any, descriptions: Any, given: dict[str, str], kind: str) -> None:
    names = [feature.name for feature in features]
    for name, text in given.items():
        if name not in names:
            fail(
                "recipe.metadata",
                f"The metadata describes the {kind} {name!r}, and the Core ML model has none of that name.",
                hint=f"It has: {', '.join(names)}.",
            )
        descriptions[name] = text
