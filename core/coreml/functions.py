"""Several functions in one package: each is converted on its own, then their programs are put together."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..errors import fail
from ..job_context import JobContext
from ..mil.scopes import Origins, read_origins
from ..recipe.model import CoreML, CoreMLFunction, CoreMLMetadata
from .metadata import write_metadata
from .package_manifest import model_file, name_items_by_path
from .saved_package import read_specification, working_copy
from .toolkit import coremltools
from .watching import telling


@dataclass(frozen=True, kw_only=True)
class Part:
    """A function of the package that is to be made, and where it comes from."""

    name: str
    package: Path
    source: str = "main"


def own_options(options: CoreML, function: CoreMLFunction, inputs: Sequence[str]) -> CoreML:
    """Return what concerns one function: with its outputs, and without the inputs that its method lacks."""
    return msgspec.structs.replace(
        options,
        functions=(),
        outputs=function.outputs,
        inputs={name: given for name, given in options.inputs.items() if name in inputs},
        # It is of the whole package, and written once that is there.
        metadata=CoreMLMetadata(),
    )


def check_source(part: Part) -> None:
    """Refuse a package that cannot give its function.

    Raises:
        ExportDeskError: ``recipe.functions``.
    """
    from ..mil.package import read_package

    if not part.package.exists():
        fail(
            "recipe.functions",
            f"The function {part.name!r} is to come from {part.package}, which is not there.",
            file=str(part.package),
            hint="Export that package first; its path is relative to the recipe.",
        )
    functions = read_package(part.package).program.functions
    if part.source not in functions:
        fail(
            "recipe.functions",
            f"{part.package.name} has no function {part.source!r}.",
            file=str(part.package),
            hint=f"It has: {', '.join(functions)}.",
        )


def join_functions(parts: Sequence[Part], destination: Path, metadata: CoreMLMetadata, context: JobContext) -> None:
    """Write a package with all functions, the first of which is the default; equal weights are kept once.

    What coremltools writes into the metadata (versions, source) is that of the first part.
    """
    utils = coremltools().utils
    with telling(context), ExitStack() as stack:
        wanted = utils.MultiFunctionDescriptor()
        for part in parts:
            package = stack.enter_context(working_copy(part.package))
            wanted.add_function(str(package), src_function_name=part.source, target_function_name=part.name)
        wanted.default_function_name = parts[0].name
        utils.save_multifunction(wanted, str(destination))
    # coremltools leaves the metadata out, the description of each input and output in.
    specifications = [read_specification(part.package) for part in parts]
    made = read_specification(destination)
    made.description.metadata.CopyFrom(specifications[0].description.metadata)
    origins = {
        part.name: read_origins(specification.description.metadata.userDefined)
        for part, specification in zip(parts, specifications, strict=True)
    }
    made.description.metadata.userDefined.update(Origins.of_several_functions(origins).as_metadata())
    write_metadata(made.description, metadata)
    model_file(destination).write_bytes(made.SerializeToString(deterministic=True))
    name_items_by_path(destination)
