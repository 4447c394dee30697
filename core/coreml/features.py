"""coremltools' description of inputs, outputs, states and the classifier, made from the recipe."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import fail
from ..recipe.model import CoreML, CoreMLInput, CoreMLOutput, RangeDimension, default_size
from .float32_operations import selector
from .images import preprocessing
from .inputs import ConvertedInput
from .labels import class_labels
from .rules import enumerated_shapes
from .toolkit import coremltools

_TYPES: dict[str, Any] = {"float16": np.float16, "float32": np.float32, "int32": np.int32, "int8": np.int8}
_LAYOUTS = {"rgb": "RGB", "bgr": "BGR", "grayscale": "GRAYSCALE", "grayscale_float16": "GRAYSCALE_FLOAT16"}


def input_types(inputs: Sequence[ConvertedInput], names: Sequence[str], options: CoreML) -> list[Any]:
    """Return a type for each input, nested as the model takes them; ``names`` are Core ML's, of the leaves."""
    remaining = iter(names)
    return [_input_type(item, remaining, options) for item in inputs if not item.is_value]


def _input_type(item: ConvertedInput, names: Iterator[str], options: CoreML) -> Any:
    ct = coremltools()
    if item.items:
        return tuple(_input_type(member, names, options) for member in item.items)
    name, given = next(names), options.inputs.get(item.name, CoreMLInput())
    if given.image is not None:
        done = preprocessing(given.image)
        layout = getattr(ct.colorlayout, _LAYOUTS[given.image.layout])
        bias: Any = done.bias[0] if len(done.bias) == 1 else list(done.bias)
        return ct.ImageType(
            name=name, shape=_shape(item), scale=done.scale, bias=bias, color_layout=layout, channel_first=True
        )
    dtype = _TYPES[given.dtype] if given.dtype else _default_type(item, options)
    default = None
    if given.default is not None:
        sizes = tuple(default_size(dimension) for dimension in item.shape)
        default = np.full(sizes, given.default, dtype=dtype or np.float32)
    return ct.TensorType(name=name, shape=_shape(item), dtype=dtype, default_value=default)


def _shape(item: ConvertedInput) -> Any:
    ct = coremltools()
    if any(isinstance(dimension, tuple) for dimension in item.shape):
        shapes = enumerated_shapes(item)
        return ct.EnumeratedShapes(shapes=shapes, default=shapes[0]) if len(shapes) > 1 else ct.Shape(shapes[0])
    return ct.Shape(
        tuple(
            ct.RangeDim(lower_bound=dimension.min, upper_bound=dimension.max, default=default_size(dimension))
            if isinstance(dimension, RangeDimension)
            else dimension
            for dimension in item.shape
        )
    )


def _default_type(item: ConvertedInput, options: CoreML) -> Any:
    """Return the type of an input, None where it follows the precision (float16 from iOS 16 on, else float32)."""
    match item.dtype:
        case "float32":
            return None if options.precision == "float16" else np.float32
        case "float16":
            return np.float16
        case "float64":
            return np.float64
        case "int64":
            return np.int64
        case "bool":
            return np.bool_
        case _:
            return np.int32


def output_types(options: CoreML) -> list[Any] | None:
    """Return a type for each output that is kept; None where the recipe names none."""
    kept = [output for output in options.outputs if output.keep]
    return [_output_type(output, is_kept=output.name in options.float32_operations) for output in kept] or None


def _output_type(output: CoreMLOutput, *, is_kept: bool) -> Any:
    """``is_kept``: its operation was named to stay in float32, which an output of float16 would undo."""
    ct = coremltools()
    if output.image is not None:
        return ct.ImageType(name=output.name, color_layout=getattr(ct.colorlayout, _LAYOUTS[output.image]))
    return ct.TensorType(
        name=output.name, dtype=_TYPES[output.dtype] if output.dtype else np.float32 if is_kept else None
    )


def state_types(buffers: Mapping[str, torch.Tensor], options: CoreML) -> list[Any] | None:
    """Return a type for each state.

    Raises:
        ExportDeskError: ``recipe.unknown-state`` where the model has no such buffer.
    """
    if not options.states:
        return None
    ct = coremltools()
    for path in options.states:
        if path not in buffers:
            fail(
                "recipe.unknown-state",
                f"The model has no buffer {path!r} to keep as a state.",
                hint=f"Its buffers: {', '.join(buffers) or 'none'}.",
            )
    return [
        # As of iOS 18, Core ML keeps states in float16 only.
        ct.StateType(wrapped_type=ct.TensorType(shape=tuple(buffers[path].shape), dtype=np.float16), name=path)
        for path in options.states
    ]


def classifier_config(options: CoreML, folder: Path | None) -> Any:
    """Return coremltools' configuration of the classifier, None where there is none."""
    if options.classifier is None:
        return None
    named = [output.name for output in options.outputs if output.keep]
    return coremltools().ClassifierConfig(
        class_labels=class_labels(options, folder),
        predicted_feature_name=options.classifier.predicted,
        predicted_probabilities_output=options.classifier.probabilities or (named[0] if named else None),
    )


def precision_of(options: CoreML) -> Any:
    """Return coremltools' precision: with operations of the recipe left in float32, where it names any."""
    ct = coremltools()
    if options.precision == "float16" and options.float32_operations:
        return ct.transform.FP16ComputePrecision(op_selector=selector(options.float32_operations))
    return ct.precision[options.precision.upper()]
