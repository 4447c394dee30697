"""Names of outputs and metadata changed in a saved package: what needs no other conversion."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..mil.scopes import LINES_KEY, METADATA_KEY, read_origins
from ..recipe.model import CoreMLMetadata
from .metadata import clear_metadata, write_metadata
from .package_manifest import model_file

_COREMLTOOLS_KEYS = tuple(f"com.github.apple.coremltools.{name}" for name in ("source", "version", "source_dialect"))


def retouch(package: Path, names: Mapping[str, str], before: CoreMLMetadata, after: CoreMLMetadata) -> bool:
    """Rewrite a package in place as a conversion with the new names and metadata would have made it.

    Args:
        names: of outputs, old to new; a package of several functions takes none.
        before: metadata that is in the package.
        after: metadata that is to be in it.

    Returns:
        False, and the package is as it was, where the converter would give other names to other values, too.

    Raises:
        ExportDeskError: as ``write_metadata``.
    """
    file = model_file(package)
    proto: Any = importlib.import_module("coremltools.proto.Model_pb2")
    model = proto.Model.FromString(file.read_bytes())
    renamed = {old: new for old, new in names.items() if old != new}
    if any(key in (METADATA_KEY, LINES_KEY, *_COREMLTOOLS_KEYS) for key in before.user):
        return False  # what the converter had written there is lost
    if renamed and not _rename(model, renamed):
        return False
    clear_metadata(model.description, before)
    write_metadata(model.description, after)
    content = model.SerializeToString(deterministic=True)
    file.unlink()  # it may be a link to an earlier bundle's
    file.write_bytes(content)
    return True


def _rename(model: Any, names: Mapping[str, str]) -> bool:
    """Rename outputs wherever they occur. coremltools names its outputs first and derives further names from them."""
    [function] = model.mlProgram.functions.values()
    blocks = [block for outer in function.block_specializations.values() for block in _blocks(outer)]
    values = {output.name for block in blocks for operation in block.operations for output in operation.outputs}
    others = values - names.keys()
    taken = others | {value.name for value in function.inputs}
    if taken & set(names.values()) or any(other.startswith(f"{old}_") for old in names for other in others):
        return False
    for block in blocks:
        block.outputs[:] = [names.get(name, name) for name in block.outputs]
        for operation in block.operations:
            for output in operation.outputs:
                output.name = names.get(output.name, output.name)
            for given in operation.inputs.values():
                for binding in given.arguments:
                    if binding.WhichOneof("binding") == "name":
                        binding.name = names.get(binding.name, binding.name)
    for feature in model.description.output:
        feature.name = names.get(feature.name, feature.name)
    known = model.description.metadata.userDefined
    known.update(read_origins(known).renamed(names).as_metadata())
    return True


def _blocks(block: Any) -> Iterator[Any]:
    yield block
    for operation in block.operations:
        for inner in operation.blocks:
            yield from _blocks(inner)
