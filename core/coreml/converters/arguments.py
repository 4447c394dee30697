"""Read the arguments of a node as values that are known while converting."""

from typing import Any

import numpy as np
from coremltools.converters.mil.frontend.torch.ops import _get_inputs, promote_input_dtypes
from coremltools.converters.mil.mil import Builder as mb
from coremltools.converters.mil.mil import types
from coremltools.converters.mil.mil.types.symbolic import is_symbolic


def inputs_of(context: Any, node: Any) -> list[Any]:
    """Return the arguments: MIL variables, lists of them, or None."""
    return list(_get_inputs(context, node))


def known(argument: Any, default: Any = None) -> Any:
    """Return the Python value of an argument, ``default`` where it is left out.

    Raises:
        ValueError: it is computed while the model runs.
    """
    if argument is None:
        return default
    if isinstance(argument, list | tuple):
        return [known(item) for item in argument]
    if not hasattr(argument, "val"):
        return argument
    if argument.val is None:
        raise ValueError(f"the argument {argument.name!r} must be a constant, and it is computed while the model runs")
    return argument.val.tolist() if isinstance(argument.val, np.ndarray | np.generic) else argument.val


def axis_of(argument: Any, rank: int, default: int = 0) -> int:
    """Return an axis counted from the front."""
    axis = int(known(argument, default))
    return axis + rank if axis < 0 else axis


def axes_of(argument: Any, rank: int) -> list[int]:
    """Return axes counted from the front; all of them where none are given."""
    given = known(argument)
    if given is None or given == []:
        return list(range(rank))
    given = given if isinstance(given, list) else [given]
    return sorted(int(axis) + rank if axis < 0 else int(axis) for axis in given)


def known_size(variable: Any, axis: int) -> int:
    """Return the size of one axis.

    Raises:
        ValueError: the size is chosen by the app.
    """
    size = variable.shape[axis]
    if is_symbolic(size):
        raise ValueError(f"the size of axis {axis} must be fixed for this operation, and the app may choose it")
    return int(size)


def same_type(*variables: Any) -> list[Any]:
    """Return the operands, cast to the type that torch would compute in."""
    return list(promote_input_dtypes(list(variables)))


def as_float(variable: Any) -> Any:
    """Return a variable as float32 unless it is a floating type already."""
    return variable if types.is_float(variable.dtype) else mb.cast(x=variable, dtype="fp32")


def is_boolean(variable: Any) -> bool:
    return bool(types.is_bool(variable.dtype))


def is_floating(variable: Any) -> bool:
    return bool(types.is_float(variable.dtype))


def part(variable: Any, axis: int, begin: int, end: int | None) -> Any:
    """Return ``variable[begin:end]`` along an axis; None is the end, negative counts from it."""
    rank = variable.rank
    return mb.slice_by_index(
        x=variable,
        begin=[begin if position == axis else 0 for position in range(rank)],
        end=[(end or 0) if position == axis else 0 for position in range(rank)],
        begin_mask=[position != axis for position in range(rank)],
        end_mask=[position != axis or end is None for position in range(rank)],
    )


def shape_argument(sizes: Any) -> Any:
    """Return a shape (an argument of sizes, some of which may be computed) as MIL wants it."""
    if isinstance(sizes, list | tuple):
        parts = [size if hasattr(size, "val") else mb.const(val=np.int32(size)) for size in sizes]
        if all(size.val is not None for size in parts):
            return np.array([int(size.val) for size in parts], dtype=np.int32)
        whole = [mb.cast(x=size, dtype="int32") for size in parts]
        return mb.concat(values=[size if size.rank else mb.expand_dims(x=size, axes=[0]) for size in whole], axis=0)
    return sizes


def finish(context: Any, node: Any, variable: Any) -> None:
    """Make a variable the value of a node, under the node's name."""
    context.add(mb.identity(x=variable, name=node.name))
