"""What a caller gives, checked against what the model says it takes, as held tensors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import fail
from .features import ArrayFeature, Feature, ImageFeature, ScalarFeature
from .holders import to_holder
from .images import image_array
from .program import TensorType

_INTEGERS = {"int8": (-128, 127), "int32": (-(2**31), 2**31 - 1), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1)}


def require_names(data: Mapping[str, Any], features: dict[str, Feature]) -> None:
    """Fail unless every required input is given, and nothing else."""
    unknown = [name for name in data if name not in features]
    if unknown:
        fail(
            "call.unknown-input",
            f"The model has no input “{unknown[0]}”.",
            hint=f"It has: {', '.join(features) or 'none'}.",
        )
    for name, feature in features.items():
        has_default = isinstance(feature.kind, ArrayFeature) and feature.kind.default is not None
        if data.get(name) is None and not (feature.is_optional and has_default):
            fail("call.missing-input", f"The input “{name}” is missing.", hint=f"It takes {describe(feature)}.")


def describe(feature: Feature) -> str:
    """Return what an input takes, in words."""
    kind = feature.kind
    if isinstance(kind, ImageFeature):
        return f"a {kind.color} image of {_image_sizes(kind)} pixels (width x height)"
    if isinstance(kind, ArrayFeature):
        return f"an array of {kind.dtype}, shape {_shapes(kind)}"
    return "a state" if not isinstance(kind, ScalarFeature) else f"a {kind.kind}"


def _shapes(kind: ArrayFeature) -> str:
    if kind.enumerated:
        return " or ".join(str(list(shape)) for shape in kind.enumerated)
    if kind.ranges:
        return f"[{', '.join(str(item) for item in kind.ranges)}]"
    return str(list(kind.shape))


def _image_sizes(kind: ImageFeature) -> str:
    if kind.enumerated:
        return " or ".join(f"{width} x {height}" for width, height in kind.enumerated)
    if kind.ranges:
        return f"{kind.ranges[0]} x {kind.ranges[1]}"
    return f"{kind.width} x {kind.height}"


def input_tensor(feature: Feature, kind: TensorType, value: Any, *, rounds: bool) -> Tensor:
    """Return one input as the tensor that the program starts from.

    Args:
        kind: the type that the function declares for it.
        value: what the caller gave; None where an optional input is left out.

    Raises:
        ExportDeskError: ``call.input-shape``, ``call.input-type`` or ``call.input-value``.
    """
    if isinstance(feature.kind, ImageFeature):
        array = image_array(feature.name, feature.kind, value)
    elif value is None and isinstance(feature.kind, ArrayFeature):
        array = np.full(feature.kind.shape, feature.kind.default)
    else:
        array = _array(feature, value)
        _require_shape(feature, array.shape, kind)
    _require_type(feature, array, kind)
    return to_holder(array, kind.dtype, rounds=rounds)


def _array(feature: Feature, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    try:
        array: np.ndarray[Any, Any] = np.asarray(value)
    except (ValueError, TypeError) as error:
        fail(
            "call.input-type",
            f"The input “{feature.name}” is no array.",
            hint=f"It takes {describe(feature)}.",
            cause=error,
        )
    if array.dtype.kind not in "biuf":
        fail(
            "call.input-type",
            f"The input “{feature.name}” is no array of numbers.",
            hint=f"It takes {describe(feature)}.",
        )
    return array


def _require_shape(feature: Feature, shape: tuple[int, ...], kind: TensorType) -> None:
    if not _fits(feature, shape, kind):
        fail(
            "call.input-shape",
            f"The input “{feature.name}” has shape {list(shape)}.",
            hint=f"It takes {describe(feature)}.",
        )


def _fits(feature: Feature, shape: tuple[int, ...], kind: TensorType) -> bool:
    is_declared = len(shape) == len(kind.shape) and all(
        wanted is None or wanted == size for size, wanted in zip(shape, kind.shape, strict=True)
    )
    described = feature.kind
    if not isinstance(described, ArrayFeature):
        return is_declared
    if described.enumerated:
        return is_declared and shape in described.enumerated
    if described.ranges:
        return (
            is_declared
            and len(shape) == len(described.ranges)
            and all(size in allowed for size, allowed in zip(shape, described.ranges, strict=True))
        )
    # A scalar of the program is described as an array of one element.
    return is_declared or (not kind.shape and shape in ((), (1,)))


def _require_type(feature: Feature, array: np.ndarray[Any, Any], kind: TensorType) -> None:
    is_floating = kind.dtype in ("fp16", "fp32", "fp64")
    if is_floating or kind.dtype == "bool":
        return
    if array.dtype.kind == "f" and not np.array_equal(array, np.trunc(array)):
        fail(
            "call.input-type",
            f"The input “{feature.name}” takes whole numbers ({kind.dtype}); the array is {array.dtype}.",
        )
    bounds = _INTEGERS.get(kind.dtype)
    if bounds is not None and array.size and (array.min() < bounds[0] or array.max() > bounds[1]):
        fail(
            "call.input-value",
            f"The input “{feature.name}” is {kind.dtype}; {array.min()} … {array.max()} does not fit into it.",
        )
