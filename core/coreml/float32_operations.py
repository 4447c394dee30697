"""Which operations of a float16 program stay in float32.

coremltools ends an operation that is kept in float32 with a cast to float16: a value too large for float16 would be
lost at once. So what is kept here is the operation *and its result*: whoever reads it computes in float32 too, and
operations that only move values (reshape, transpose) pass it on.
"""

import re
from collections.abc import Callable
from typing import Any

from ..mil import operations
from ..mil.table import find, names

_HALF_SUFFIX = "_cast_fp16"
_SINGLE_SUFFIX = "_type_fp32"


def operation_name(value_name: str) -> str:
    """Return the name under which a recipe keeps the operation that makes a value of a float16 program."""
    name = value_name.removesuffix(_HALF_SUFFIX)
    operations.load()
    # A name that is also a type of operation (``add``) would stand for all of them.
    return value_name if name in names() else name


def selector(wanted: tuple[str, ...]) -> Callable[[Any], bool]:
    """Return coremltools' ``op_selector``: true for operations that become float16.

    Args:
        wanted: types of operations (``softmax``), or names of values as the Core ML graph shows them.
    """
    operations.load()
    types = frozenset(wanted) & names().keys()
    chosen = frozenset(_clean(item) for item in wanted if item not in types)
    known: dict[int, tuple[Any, bool]] = {}

    def is_kept(operation: Any) -> bool:
        if operation.op_type in types or _clean(operation.name) in chosen:
            return True
        return any(_clean(variable.name) in chosen for variable in operation.outputs)

    def hands_on(operation: Any) -> bool:
        """Whether the result is to be read in float32."""
        found = known.get(id(operation))
        if found is None:
            known[id(operation)] = found = (operation, False)  # the operation is kept, so that its id stays its own
            entry = find(operation.op_type, "iOS26")
            moves = entry is not None and entry.is_exact and operation.op_type != "const"
            known[id(operation)] = found = (operation, is_kept(operation) or (moves and reads(operation)))
        return found[1]

    def reads(operation: Any) -> bool:
        return any(variable.op is not None and hands_on(variable.op) for variable in _inputs(operation))

    return lambda operation: not (is_kept(operation) or reads(operation))


def _inputs(operation: Any) -> list[Any]:
    found = []
    for given in operation.inputs.values():
        items = given if isinstance(given, list | tuple) else (given,)
        found += [item for item in items if hasattr(item, "op")]
    return found


def _clean(name: str) -> str:
    """Return a name as it is in the package: ``input_5`` for ``input.5``, ``var_38`` for ``38``."""
    name = re.sub(r"\W", "_", name.removesuffix(_HALF_SUFFIX).removesuffix(_SINGLE_SUFFIX))
    return f"var_{name}" if name[:1].isdigit() else name
