"""torch's numbers for types, as the values that MIL fills and casts with."""

from typing import Any

import numpy as np
from coremltools.converters.mil.frontend.torch.utils import NUM_TO_DTYPE_STRING
from coremltools.converters.mil.mil import types

_ONES: dict[str, Any] = {"fp16": 1.0, "fp32": 1.0, "int32": np.int32(1), "bool": True}


def name_of(number: int | None, like: Any) -> str:
    """Return MIL's name of a torch type number; of the type of ``like`` where there is none."""
    if number is None:
        return str(types.builtin_to_string(like.dtype))
    name = str(NUM_TO_DTYPE_STRING[number])
    return {"int64": "int32", "fp64": "fp32"}.get(name, name)


def one_of(number: int | None, like: Any) -> Any:
    """Return a one of a torch type number, or of the type of ``like``."""
    return _ONES.get(name_of(number, like), np.int32(1))
