"""Assignment to several places along one axis: ``y[:, places] = values``."""

from typing import Any

import numpy as np
from coremltools.converters.mil.mil import Builder as mb
from coremltools.converters.mil.mil import types

from .arguments import finish, inputs_of, known, same_type
from .supply import Translation, completed


@completed("index_put")
def index_put(context: Any, node: Any, own: Translation) -> None:
    """coremltools' own takes one place along an axis that follows whole ones; more than one ends in an error."""
    x, indices, values, *rest = inputs_of(context, node)
    given = [(axis, index) for axis, index in enumerate(indices) if index is not None]
    is_added = bool(rest) and bool(known(rest[0], False))
    if (
        is_added
        or len(given) != 1
        or given[0][0] == 0
        or given[0][1].rank != 1
        or given[0][1].shape[0] == 1
        or types.is_bool(given[0][1].dtype)
        or any(not isinstance(size, int | np.integer) for size in (*x.shape, *given[0][1].shape))
    ):
        own(context, node)
        return
    axis, places = given[0]
    shape = [int(places.shape[0]) if position == axis else int(size) for position, size in enumerate(x.shape)]
    x, values = same_type(x, values)
    zero = np.zeros(shape, dtype=types.nptype_from_builtin(x.dtype))
    finish(
        context, node, mb.scatter(data=x, indices=places, updates=mb.add(x=values, y=zero), axis=axis, mode="update")
    )
