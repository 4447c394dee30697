"""What a program ends with, as a caller wants it."""

from typing import Any

import numpy as np

from .features import ArrayFeature, Feature, ImageFeature
from .holders import to_array
from .images import picture
from .program import NUMPY_TYPES, TensorType, ValueType


def output_value(value: Any, kind: ValueType, feature: Feature | None, *, rounds: bool) -> Any:
    """Return an output as an array of the type that the description gives; texts and dictionaries as they are."""
    if not isinstance(kind, TensorType) or kind.dtype == "str" or not hasattr(value, "detach"):
        return value
    array = to_array(value, kind.dtype, rounds=rounds)
    if feature is not None and isinstance(feature.kind, ImageFeature):
        return picture(array, feature.kind)
    if feature is not None and isinstance(feature.kind, ArrayFeature):
        wanted = NUMPY_TYPES.get(feature.kind.dtype)
        if wanted is not None and (rounds or wanted is not np.float16):
            with np.errstate(over="ignore"):  # what is too large for half becomes infinite, as on a device
                array = array.astype(wanted, copy=False)
        if not array.shape and feature.kind.shape == (1,):
            array = array.reshape(1)
    return array.copy() if not array.flags.owndata or not array.flags.c_contiguous else array
