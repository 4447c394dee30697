"""What is written into the package for the people who use it."""

from collections.abc import Sequence
from typing import Any

from ..errors import fail
from ..recipe.model import CoreMLMetadata

PREVIEW_KEY = "com.apple.coreml.model.preview.type"
"""Source: coremltools' guide "Xcode model preview types"."""


def write_metadata(description: Any, metadata: CoreMLMetadata) -> None:
    """Write the recipe's metadata into the description of a specification, in place.

    Raises:
        ExportDeskError: ``recipe.metadata`` where a description is for an input or output that the model lacks.
    """
    written = description.metadata
    for key, text in _texts(metadata).items():
        if text:
            setattr(written, key, text)
    for key, text in _user_defined(metadata).items():
        written.userDefined[key] = text
    _describe([row for item in _interfaces(description) for row in item.input], metadata.inputs, "input")
    _describe([row for item in _interfaces(description) for row in item.output], metadata.outputs, "output")


def clear_metadata(description: Any, metadata: CoreMLMetadata) -> None:
    """Take out of a description what ``write_metadata`` has written."""
    for key in _texts(metadata):
        description.metadata.ClearField(key)
    for key in _user_defined(metadata):
        del description.metadata.userDefined[key]
    for interface in _interfaces(description):
        for feature in (*interface.input, *interface.output):
            feature.ClearField("shortDescription")


def _interfaces(description: Any) -> list[Any]:
    return list(description.functions) or [description]


def _texts(metadata: CoreMLMetadata) -> dict[str, str]:
    return {
        "author": metadata.author,
        "license": metadata.license,
        "versionString": metadata.version,
        "shortDescription": metadata.description,
    }


def _user_defined(metadata: CoreMLMetadata) -> dict[str, str]:
    preview = {PREVIEW_KEY: metadata.preview} if metadata.preview else {}
    return preview | metadata.user


def _describe(features: Sequence[Any], given: dict[str, str], kind: str) -> None:
    names = list(dict.fromkeys(feature.name for feature in features))
    for name in given:
        if name not in names:
            fail(
                "recipe.metadata",
                f"The metadata describes the {kind} {name!r}, and the Core ML model has none of that name.",
                hint=f"It has: {', '.join(names)}.",
            )
    for feature in features:
        if feature.name in given:
            feature.shortDescription = given[feature.name]
