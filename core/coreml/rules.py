"""The rules by which choices of a Core ML conversion fit together, checked before anything is converted.

Source: coremltools' guides on target conversion formats, typed execution and flexible input shapes, and the checks of
coremltools 9.0. No coremltools here: the window applies the same rules while the user edits.
"""

import math
from collections.abc import Collection, Sequence
from itertools import product

from ..errors import fail
from ..recipe.model import CoreML, CoreMLCompression, CoreMLImage, DeploymentTarget, Dimension, Input, RangeDimension
from .inputs import ConvertedInput, is_allowed

IOS13, IOS14, IOS15, IOS16, IOS17, IOS18, IOS26 = range(4, 11)
"""Versions of Core ML's file format, named by the iOS that introduced each."""

SPECIFICATION_VERSIONS: dict[DeploymentTarget, int] = {
    "iOS13": IOS13,
    "iOS14": IOS14,
    "iOS15": IOS15,
    "iOS16": IOS16,
    "iOS17": IOS17,
    "iOS18": IOS18,
    "iOS26": IOS26,
    "macOS10.15": IOS13,
    "macOS11": IOS14,
    "macOS12": IOS15,
    "macOS13": IOS16,
    "macOS14": IOS17,
    "macOS15": IOS18,
    "macOS26": IOS26,
    "watchOS6": IOS13,
    "watchOS7": IOS14,
    "watchOS8": IOS15,
    "watchOS9": IOS16,
    "watchOS10": IOS17,
    "watchOS11": IOS18,
    "watchOS26": IOS26,
    "tvOS13": IOS13,
    "tvOS14": IOS14,
    "tvOS15": IOS15,
    "tvOS16": IOS16,
    "tvOS17": IOS17,
    "tvOS18": IOS18,
    "tvOS26": IOS26,
    # visionOS 1 shipped with iOS 17's Core ML, visionOS 2 with iOS 18's.
    "visionOS1": IOS17,
    "visionOS2": IOS18,
    "visionOS26": IOS26,
}
NAME_RULE = (
    "a name is letters, digits and underscores, begins with no digit, and is none of MIL's own words (such as list, "
    "tensor, string)"
)
MOST_SHAPES = 128
"""Core ML's limit on the shapes that an input may enumerate."""
MOST_DIMENSIONS = 5
"""Core ML's limit on the rank of an input."""


def specification_version(options: CoreML) -> int:
    """Return the version of the file format that the deployment target reads."""
    return SPECIFICATION_VERSIONS[options.minimum_deployment_target]


def check_options(options: CoreML) -> None:
    """Refuse choices that do not fit together.

    Raises:
        ExportDeskError: ``recipe.*`` with the rule that is broken.
    """
    target = options.minimum_deployment_target
    version = specification_version(options)
    if options.convert_to == "mlprogram" and version < IOS15:
        fail(
            "recipe.target-too-old",
            f"An ML program needs iOS 15 (macOS 12, watchOS 8, tvOS 15) or newer; the deployment target is {target}.",
            hint='Choose a newer target, or convert_to = "neuralnetwork" with precision = "float32".',
        )
    if options.convert_to == "neuralnetwork" and version >= IOS15:
        fail(
            "recipe.target-too-new",
            f"A neural network file is for targets before iOS 15, and the deployment target is {target}: "
            "from iOS 15 on Core ML converts to ML programs.",
            hint='Choose convert_to = "mlprogram", or a target of iOS 13 or 14 (macOS 10.15 or 11).',
        )
    if options.convert_to == "neuralnetwork" and options.precision == "float16":
        fail(
            "recipe.precision",
            "A neural network file has no typed precision: the device decides at run time. "
            'precision = "float16" needs convert_to = "mlprogram".',
            hint='Choose precision = "float32" for a neural network.',
        )
    if options.compute_units == "cpu_and_ne" and version < IOS16:
        fail(
            "recipe.compute-units",
            f'compute_units = "cpu_and_ne" exists from iOS 16 (macOS 13) on, and the deployment target is {target}.',
            hint='Choose a newer target, or compute_units = "all".',
        )
    _check_output_names(options)
    _check_float16_features(options)
    if options.states:
        _check_states(options)
    if options.functions:
        _check_functions(options)
    if options.float32_operations and options.precision == "float32":
        fail(
            "recipe.precision",
            'float32_operations choose exceptions of a float16 program, and the precision is "float32".',
            hint="Leave float32_operations out: every operation is float32 already.",
        )
    for position, step in enumerate(options.compression):
        _check_compression(step, options, is_joint=position > 0)


def _check_float16_features(options: CoreML) -> None:
    version, target = specification_version(options), options.minimum_deployment_target
    features = [
        (f"Input {name!r}", item.dtype, item.image and item.image.layout) for name, item in options.inputs.items()
    ]
    features += [(f"Output {item.name!r}", item.dtype, item.image) for item in options.outputs]
    for what, dtype, layout in features:
        if version < IOS16 and (dtype == "float16" or layout == "grayscale_float16"):
            fail(
                "recipe.dtype",
                f"{what} is float16, which needs iOS 16 (macOS 13) or newer; the deployment target is {target}.",
                hint="Choose a newer target, or float32.",
            )
        if version < IOS26 and dtype == "int8":
            fail(
                "recipe.dtype",
                f"{what} is int8, which needs iOS 26 (macOS 26) or newer; the deployment target is {target}.",
                hint="Choose a newer target, or int32.",
            )


def _check_states(options: CoreML) -> None:
    if specification_version(options) < IOS18 or options.convert_to != "mlprogram":
        fail(
            "recipe.states",
            f"States need an ML program for iOS 18 (macOS 15) or newer; the deployment target is "
            f"{options.minimum_deployment_target}.",
            hint='Choose minimum_deployment_target = "iOS18", or pass the state in and out as tensors.',
        )


def _check_functions(options: CoreML) -> None:
    if specification_version(options) < IOS18 or options.convert_to != "mlprogram":
        fail(
            "recipe.functions",
            f"A package with several functions needs an ML program for iOS 18 (macOS 15) or newer; the deployment "
            f"target is {options.minimum_deployment_target}.",
            hint='Choose minimum_deployment_target = "iOS18", or export each as a package of its own.',
        )
    names = [item.name for item in options.functions]
    for name in names:
        if not is_allowed(name):
            fail("recipe.functions", f"Core ML does not allow a function called {name!r}: {NAME_RULE}.")
        if names.count(name) > 1:
            fail("recipe.functions", f"Two functions are called {name!r}; each needs a name of its own.")
    if options.outputs:
        fail(
            "recipe.functions",
            "Of a package with several functions, each function has its own outputs.",
            hint="Put [[coreml.outputs]] under the function: outputs of [[coreml.functions]].",
        )
    if options.classifier is not None:
        fail("recipe.functions", "A package with several functions cannot be a classifier.")


def _check_compression(step: CoreMLCompression, options: CoreML, *, is_joint: bool) -> None:
    version, target = specification_version(options), options.minimum_deployment_target
    if options.convert_to != "mlprogram" or version < IOS16:
        fail(
            "recipe.compression",
            f"Compressed weights need an ML program for iOS 16 (macOS 13) or newer; the deployment target is {target}.",
            hint="Choose a newer target, or leave compression out.",
        )
    new = {
        "4-bit quantization": step.method == "quantize" and step.bits == 4,
        "a scale for each block": step.granularity == "block",
        "tables for groups of channels": step.method == "palettize" and step.granularity != "tensor",
        "a table of 8 values (3 bits)": step.method == "palettize" and step.bits == 3,
        "compressing compressed weights again": is_joint,
    }
    needed = next((name for name, is_needed in new.items() if is_needed), None)
    if needed is not None and version < IOS18:
        fail(
            "recipe.compression",
            f"Compression with {needed} needs iOS 18 (macOS 15) or newer; the deployment target is {target}.",
            hint='Choose minimum_deployment_target = "iOS18"'
            + (', or granularity = "tensor".' if step.method == "palettize" else ", or 8 bits a channel."),
        )


def _check_output_names(options: CoreML) -> None:
    names = [output.name for output in options.outputs]
    for name in names:
        if not is_allowed(name):
            fail(
                "recipe.output-name",
                f"Core ML does not allow an output called {name!r}: {NAME_RULE}.",
            )
        if names.count(name) > 1:
            fail("recipe.output-name", f"Two outputs are called {name!r}; each needs a name of its own.")


def check_inputs(inputs: Sequence[ConvertedInput], options: CoreML) -> None:
    """Refuse shapes and dtypes that Core ML cannot have.

    Raises:
        ExportDeskError: ``recipe.*`` with the rule that is broken.
    """
    leaves = [leaf for item in inputs for leaf in item.leaves]
    _check_named(leaves, options)
    enumerated = [leaf for leaf in leaves if any(isinstance(dimension, tuple) for dimension in leaf.shape)]
    for leaf in leaves:
        _check_shape(leaf, options)
        _check_dtype(leaf, options)
    if len(enumerated) > 1:
        _check_several_enumerated(enumerated, options)


def check_early(inputs: Sequence[Input], options: CoreML) -> None:
    """Refuse what no model can change, before the model is run: options, and sizes that an app may choose.

    Raises:
        ExportDeskError: ``recipe.*`` with the rule that is broken.
    """
    check_options(options)
    for item in inputs:
        _check_early_shape(item, options)


def _check_early_shape(item: Input, options: CoreML) -> None:
    """Refuse flexible sizes that Core ML cannot have; an input of the largest size may not even fit the memory."""
    for member in item.items:
        _check_early_shape(member, options)
    if item.is_flexible and item.shape is not None:
        _check_shape(ConvertedInput(item.name, item.shape, item.dtype), options)


def check_function_inputs(options: CoreML, names: Collection[str]) -> None:
    """Refuse options for inputs that none of the package's functions takes.

    Raises:
        ExportDeskError: ``recipe.unknown-input``.
    """
    for name in options.inputs:
        if name not in names:
            fail(
                "recipe.unknown-input",
                f"The Core ML options describe an input {name!r}, and no function takes one of that name.",
                hint=f"They take: {', '.join(sorted(names)) or 'none'}.",
            )


def _check_named(leaves: Sequence[ConvertedInput], options: CoreML) -> None:
    by_name = {leaf.name: leaf for leaf in leaves}
    for name, given in options.inputs.items():
        leaf = by_name.get(name)
        if leaf is None:
            fail(
                "recipe.unknown-input",
                f"The Core ML options describe an input {name!r}, and the model takes none of that name.",
                hint=f"It takes: {', '.join(by_name) or 'none'}.",
            )
        if given.image is not None:
            _check_image(leaf, given.image)
        if given.default is not None and any(isinstance(dimension, tuple) for dimension in leaf.shape):
            fail("recipe.default", f"Input {name!r} lists sizes, and Core ML has no default values for such an input.")
    shared = [output.name for output in options.outputs if output.name in by_name]
    if shared:
        fail(
            "recipe.output-name",
            f"An output is called {shared[0]!r}, as an input is; Core ML needs different names.",
        )


def _check_image(leaf: ConvertedInput, image: CoreMLImage) -> None:
    channels = 1 if image.layout.startswith("grayscale") else 3
    shape = tuple(size_in_words(size) for size in leaf.shape)
    if len(shape) != 4 or shape[:2] != ("1", str(channels)):
        fail(
            "recipe.image",
            f"Input {leaf.name!r} has the shape {' x '.join(shape)}, and a {image.layout} picture needs "
            f"1 x {channels} x height x width.",
            hint="Change the shape, or the layout of the image.",
        )
    if leaf.dtype not in ("float32", "float16", "float64"):
        fail("recipe.image", f"Input {leaf.name!r} is {leaf.dtype}; a picture becomes floating-point numbers.")


def size_in_words(dimension: Dimension) -> str:
    """Return ``224``, ``64..512`` or ``1 | 2 | 4``."""
    match dimension:
        case RangeDimension():
            return f"{dimension.min}..{dimension.max}"
        case tuple():
            return " | ".join(str(size) for size in dimension)
        case _:
            return str(dimension)


def _check_shape(leaf: ConvertedInput, options: CoreML) -> None:
    if not leaf.shape:
        fail(
            "recipe.rank",
            f"Input {leaf.name!r} has no dimensions, and every input of a Core ML model has at least one.",
            hint="Give it the shape [1] and take the value out in forward, with x[0].",
        )
    if len(leaf.shape) > MOST_DIMENSIONS:
        fail(
            "recipe.rank",
            f"Input {leaf.name!r} has {len(leaf.shape)} dimensions, and Core ML takes {MOST_DIMENSIONS} at most.",
            hint="Join dimensions before the model, and split them in forward with reshape.",
        )
    if any(isinstance(dimension, int) and dimension < 1 for dimension in leaf.shape):
        fail("recipe.shape", f"Input {leaf.name!r} has a dimension of size 0, and Core ML needs at least 1.")
    if any(isinstance(dimension, tuple) and min(dimension) < 1 for dimension in leaf.shape):
        fail("recipe.shape", f"Input {leaf.name!r} has a dimension of size 0, and Core ML needs at least 1.")
    has_ranges = any(isinstance(dimension, RangeDimension) for dimension in leaf.shape)
    counts = [len(dimension) for dimension in leaf.shape if isinstance(dimension, tuple)]
    if has_ranges and counts:
        fail(
            "recipe.shape",
            f"Input {leaf.name!r} mixes a range with a list of sizes; Core ML takes either ranges or a list of shapes.",
            hint="Use ranges for all flexible dimensions, or list the sizes.",
        )
    if math.prod(counts) > MOST_SHAPES:
        fail(
            "recipe.too-many-shapes",
            f"Input {leaf.name!r} lists {math.prod(counts)} shapes (every combination of its sizes), "
            f"and Core ML takes {MOST_SHAPES} at most.",
            hint="List fewer sizes, or use a range.",
        )
    if options.convert_to == "mlprogram" and any(
        isinstance(dimension, RangeDimension) and dimension.max >= 2**31 for dimension in leaf.shape
    ):
        fail(
            "recipe.unbounded-range",
            f"Input {leaf.name!r} has a range without a real upper bound, and an ML program needs one.",
            hint="Give the largest size that the app will use.",
        )


def _check_dtype(leaf: ConvertedInput, options: CoreML) -> None:
    if leaf.dtype in ("complex64", "complex128", "bfloat16"):
        fail(
            "recipe.input-dtype",
            f"Input {leaf.name!r} is {leaf.dtype}, and Core ML has no inputs of that type.",
            hint="Pass real and imaginary parts as two inputs."
            if leaf.dtype.startswith("complex")
            else "Convert the model to float32 before the export; precision chooses what Core ML computes with.",
        )
    if leaf.dtype == "float16" and specification_version(options) < IOS16:
        fail(
            "recipe.input-dtype",
            f"Input {leaf.name!r} is float16, which needs iOS 16 (macOS 13) or newer; "
            f"the deployment target is {options.minimum_deployment_target}.",
            hint="Choose a newer target, or make the input float32.",
        )


def _check_several_enumerated(enumerated: Sequence[ConvertedInput], options: CoreML) -> None:
    names = ", ".join(leaf.name for leaf in enumerated)
    if specification_version(options) < IOS18:
        fail(
            "recipe.enumerated-inputs",
            f"The inputs {names} each list sizes, and before iOS 18 (macOS 15) only one input may; "
            f"the deployment target is {options.minimum_deployment_target}.",
            hint="Choose iOS18 or newer, or use ranges.",
        )
    counts = {leaf.name: len(enumerated_shapes(leaf)) for leaf in enumerated}
    if len(set(counts.values())) > 1:
        fail(
            "recipe.enumerated-inputs",
            "Inputs that list sizes must list the same number of shapes (the first of each go together): "
            + ", ".join(f"{name} has {count}" for name, count in counts.items())
            + ".",
        )


def enumerated_shapes(leaf: ConvertedInput) -> tuple[tuple[int, ...], ...]:
    """Return every shape that an input without ranges may have; the first is the default."""
    sizes = [dimension if isinstance(dimension, tuple) else (dimension,) for dimension in leaf.shape]
    return tuple(dict.fromkeys(product(*[size for size in sizes if isinstance(size[0], int)])))  # type: ignore[arg-type]
