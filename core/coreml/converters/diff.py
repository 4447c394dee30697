"""``torch.diff``: missing in coremltools 9.0 (position ids of every decoder in transformers 5)."""

from typing import Any

from coremltools.converters.mil.mil import Builder as mb

from .arguments import axis_of, finish, inputs_of, is_boolean, known, part
from .supply import supplied


@supplied("diff")
def diff(context: Any, node: Any) -> None:
    x, count, dim, before, after = (*inputs_of(context, node), None, None, None, None)[:5]
    axis = axis_of(dim, x.rank, -1)
    parts = [item for item in (before, x, after) if item is not None]
    value = x if len(parts) == 1 else mb.concat(values=parts, axis=axis)
    for _ in range(int(known(count, 1))):
        later, earlier = part(value, axis, 1, None), part(value, axis, 0, -1)
        value = mb.logical_xor(x=later, y=earlier) if is_boolean(value) else mb.sub(x=later, y=earlier)
    finish(context, node, value)
