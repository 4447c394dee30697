"""What is in a Core ML package, read back from the files that were written."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ..errors import ExportDeskError, fail
from ..recipe.model import CoreML, CoreMLMetadata
from ..results import CoreMLSummary, Feature, FunctionFeatures, PackageDescription
from .rules import SPECIFICATION_VERSIONS
from .saved_package import read_specification
from .toolkit import coremltools

_NOT_COUNTED = ("const",)
"""Constants are data; listing them would bury the operations."""


def describe_package(package: Path) -> PackageDescription:
    """Read a package that somebody else may have made.

    Raises:
        ExportDeskError: ``model.not-coreml``; ``call.*`` where there is no coremltools.
    """
    try:
        return PackageDescription(package=str(package), summary=summarise(package))
    except ExportDeskError:
        raise
    except Exception as error:
        fail(
            "model.not-coreml",
            f"{package.name} is not a Core ML model that can be read: {str(error).splitlines()[0] or 'it is damaged'}.",
            file=str(package),
            cause=error,
        )


def summarise(package: Path, options: CoreML | None = None) -> CoreMLSummary:
    """Read a ``.mlpackage`` or ``.mlmodel``; ``options`` only name the deployment target as the user did."""
    specification = read_specification(package)
    description = specification.description
    features = description
    if specification.WhichOneof("Type") == "mlProgram" and not description.input and description.functions:
        features = next(
            (item for item in description.functions if item.name == description.defaultFunctionName),
            description.functions[0],
        )
    shapes = _program_shapes(specification)
    by_default_first = sorted(description.functions, key=lambda item: item.name != description.defaultFunctionName)
    return CoreMLSummary(
        inputs=tuple(_feature(item, shapes) for item in features.input),
        outputs=tuple(_feature(item, shapes) for item in features.output),
        states=tuple(_feature(item, shapes) for item in features.state),
        functions=tuple(
            FunctionFeatures(
                name=item.name,
                inputs=tuple(_feature(feature, shapes) for feature in item.input),
                outputs=tuple(_feature(feature, shapes) for feature in item.output),
                states=tuple(_feature(feature, shapes) for feature in item.state),
            )
            for item in by_default_first
        ),
        operations=_operations(specification),
        size_bytes=_size(package),
        specification_version=specification.specificationVersion,
        minimum_deployment_target=_target(specification.specificationVersion, options),
        precision=_precision(specification),
    )


def retouched(
    summary: CoreMLSummary, package: Path, names: Mapping[str, str], metadata: CoreMLMetadata
) -> CoreMLSummary:
    """Return the summary of a package of which only names of outputs (old to new) and metadata have changed."""

    def inputs(rows: Iterable[Feature]) -> tuple[Feature, ...]:
        return tuple(replace(row, description=metadata.inputs.get(row.name, "")) for row in rows)

    def outputs(rows: Iterable[Feature]) -> tuple[Feature, ...]:
        named = (replace(row, name=names.get(row.name, row.name)) for row in rows)
        return tuple(replace(row, description=metadata.outputs.get(row.name, "")) for row in named)

    return replace(
        summary,
        inputs=inputs(summary.inputs),
        outputs=outputs(summary.outputs),
        functions=tuple(
            replace(item, inputs=inputs(item.inputs), outputs=outputs(item.outputs)) for item in summary.functions
        ),
        size_bytes=_size(package),
    )


def _size(package: Path) -> int:
    if package.is_file():
        return package.stat().st_size
    return sum(file.stat().st_size for file in package.rglob("*") if file.is_file())


def _target(version: int, options: CoreML | None) -> str:
    if options is not None and SPECIFICATION_VERSIONS[options.minimum_deployment_target] == version:
        return options.minimum_deployment_target
    return next((name for name, own in SPECIFICATION_VERSIONS.items() if own == version), f"specification {version}")


def _feature(item: Any, shapes: dict[str, tuple[str, ...]]) -> Feature:
    kind = item.type.WhichOneof("Type")
    match kind:
        case "multiArrayType":
            array = item.type.multiArrayType
            # Core ML leaves the shape of an output out where a dimension of it is flexible; the program knows the rank.
            return _named(item, "tensor", _array_type(array), _array_shape(array) or shapes.get(item.name, ()))
        case "imageType":
            image = item.type.imageType
            layout = image.ColorSpace.Name(image.colorSpace)
            return _named(item, "image", layout, _image_shape(image))
        case "stateType":
            array = item.type.stateType.arrayType
            return _named(item, "state", _array_type(array), _array_shape(array))
        case "dictionaryType":
            key = item.type.dictionaryType.WhichOneof("KeyType")
            return _named(item, "dictionary", "string" if key == "stringKeyType" else "int64", ())
        case _:
            name = (kind or "unknown").removesuffix("Type").lower()
            return _named(item, name, name, ())


def _named(item: Any, kind: str, dtype: str, shape: tuple[str, ...]) -> Feature:
    return Feature(name=item.name, kind=kind, dtype=dtype, shape=shape, description=item.shortDescription)


def _array_type(array: Any) -> str:
    return str(array.ArrayDataType.Name(array.dataType)).lower().replace("double", "float64")


def _array_shape(array: Any) -> tuple[str, ...]:
    match array.WhichOneof("ShapeFlexibility"):
        case "enumeratedShapes":
            return _enumerated([tuple(shape.shape) for shape in array.enumeratedShapes.shapes])
        case "shapeRange":
            return tuple(_range(size) for size in array.shapeRange.sizeRanges)
        case _:
            return tuple(str(size) for size in array.shape)


def _image_shape(image: Any) -> tuple[str, ...]:
    """Return height and width."""
    match image.WhichOneof("SizeFlexibility"):
        case "enumeratedSizes":
            return _enumerated([(size.height, size.width) for size in image.enumeratedSizes.sizes])
        case "imageSizeRange":
            return (_range(image.imageSizeRange.heightRange), _range(image.imageSizeRange.widthRange))
        case _:
            return (str(image.height), str(image.width))


def _enumerated(shapes: list[tuple[int, ...]]) -> tuple[str, ...]:
    return tuple(" | ".join(str(size) for size in dict.fromkeys(sizes)) for sizes in zip(*shapes, strict=True))


def _range(size: Any) -> str:
    lower, upper = size.lowerBound, size.upperBound
    if upper < 0:
        return f"{lower}.."
    return str(lower) if lower == upper else f"{lower}..{upper}"


def _operations(specification: Any) -> dict[str, int]:
    counts: Counter[str] = Counter()
    kind = specification.WhichOneof("Type")
    if kind == "mlProgram":
        counts.update(operation.type for operation in _program_operations(specification.mlProgram))
    elif kind and kind.startswith("neuralNetwork"):
        counts.update(str(layer.WhichOneof("layer")) for layer in getattr(specification, kind).layers)
    for name in _NOT_COUNTED:
        counts.pop(name, None)
    return dict(counts.most_common())


def _program_shapes(specification: Any) -> dict[str, tuple[str, ...]]:
    """Return the shape of every value of an ML program by name, ``?`` for a dimension that is known at run time."""
    if specification.WhichOneof("Type") != "mlProgram":
        return {}
    return {
        output.name: tuple(
            str(dimension.constant.size) if dimension.WhichOneof("dimension") == "constant" else "?"
            for dimension in output.type.tensorType.dimensions
        )
        for operation in _program_operations(specification.mlProgram)
        for output in operation.outputs
    }


def _program_operations(program: Any) -> Iterable[Any]:
    for function in program.functions.values():
        for block in function.block_specializations.values():
            yield from _block_operations(block)


def _block_operations(block: Any) -> Iterable[Any]:
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _block_operations(inner)


def _precision(specification: Any) -> str:
    """Return the types in which the package computes: ``float16``, ``float32``, ``mixed``, or ``none``."""
    kind = specification.WhichOneof("Type")
    if kind != "mlProgram":
        return "float32"
    ct = coremltools()
    types = ct.proto.MIL_pb2
    found = set()
    for operation in _program_operations(specification.mlProgram):
        if operation.type in ("const", "cast") or operation.type.startswith("constexpr_"):
            continue
        for output in operation.outputs:
            data_type = output.type.tensorType.dataType
            if data_type in (types.FLOAT16, types.FLOAT32):
                found.add("float16" if data_type == types.FLOAT16 else "float32")
    return "mixed" if len(found) > 1 else next(iter(found), "none")
