"""What is written into the package for the people who use it."""

from typing import Any

from ..errors import fail
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
