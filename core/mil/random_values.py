"""Values for the inputs of a package of which nothing is known but what it says itself."""

from typing import Any

import numpy as np

from .features import ArrayFeature, Feature, ImageFeature
from .program import NUMPY_TYPES


def random_value(feature: Feature, generator: np.random.Generator) -> Any:
    match feature.kind:
        case ImageFeature() as image:
            return generator.integers(0, 256, (1, image.channels, image.height, image.width)).astype(np.uint8)
        case ArrayFeature() as array:
            dtype = NUMPY_TYPES[array.dtype]
            # Of whole numbers, zero: it is in every table of embeddings.
            is_float = array.dtype.startswith("fp")
            return generator.standard_normal(array.shape).astype(dtype) if is_float else np.zeros(array.shape, dtype)
        case _:
            return 0
