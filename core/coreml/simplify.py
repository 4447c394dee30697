"""Take out of a scripted graph what Core ML cannot have and need not: checks that raise, known branches, lost writes.

coremltools translates an operation that writes into its operand (``y.add_(1)``) as one that makes a new value, and
whoever reads ``y`` afterwards gets the old one: the numbers are silently wrong. torch's own passes turn such writes
into new values where that is safe; what is left is found by ``lost_writes`` and refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .locating import all_nodes

_VIEWS = frozenset(
    ["view", "reshape", "slice", "select", "transpose", "permute", "expand", "squeeze", "unsqueeze", "detach", "t"]
).union(["narrow", "flatten", "unflatten", "view_as", "expand_as", "movedim", "diagonal", "chunk", "split", "unbind"])
DTYPE_NUMBERS = {
    torch.uint8: 0,
    torch.int8: 1,
    torch.int16: 2,
    torch.int32: 3,
    torch.int64: 4,
    torch.float16: 5,
    torch.float32: 6,
    torch.float64: 7,
    torch.bool: 11,
}
"""Source: c10/core/ScalarType.h."""
_ASSIGNMENTS = ("aten::copy_", "aten::fill_", "aten::index_put_", "aten::_index_put_impl_", "aten::zero_")
"""coremltools itself follows these (``y[0] = …``) outside of branches and loops."""

_WRITABLE = ("aten::slice", "aten::select", "aten::empty")
"""What coremltools lets be written into."""

_ASSIGNMENTS_BY_INDEX = ("aten::index_put_", "aten::_index_put_impl_")


@dataclass(frozen=True)
class InputType:
    """What is known of an input; a size is None where the app chooses it."""

    sizes: tuple[int | None, ...]
    dtype: torch.dtype


def simplify(graph: Any, types: Sequence[InputType | None]) -> None:
    """Fold what is known, unroll short loops, drop checks that raise, and make writes into values; in place.

    Args:
        graph: its first input is the module.
        types: of each other input, None for an input that is no tensor.
    """
    passes: Any = torch._C
    passes._jit_pass_inline(graph)
    for value, known in zip(list(graph.inputs())[1:], types, strict=False):
        if known is not None and isinstance(value.type(), torch.TensorType):
            kind: Any = value.type()
            value.setType(kind.with_sizes(list(known.sizes)).with_dtype(known.dtype))
    for _ in range(3):
        passes._jit_pass_constant_propagation_immutable_types(graph)
        passes._jit_pass_constant_loop_unrolling(graph)
        passes._jit_pass_remove_mutation(graph)
        passes._jit_pass_peephole_list_idioms(graph, refine_list_len=True)
        _drop_checks(graph)
        _propagate_types(graph)
    _assign_through_views(graph)
    passes._jit_pass_constant_propagation_immutable_types(graph)
    passes._jit_pass_dce(graph)


def _propagate_types(graph: Any) -> None:
    """Learn ranks and sizes, and fold the questions after them (``x.dim() == 2``, ``dtype=x.dtype``)."""
    passes: Any = torch._C
    try:
        passes._jit_pass_propagate_shapes_on_graph(graph.copy())
    except RuntimeError:
        return  # torch's analysis does not know every list; then nothing is learnt
    passes._jit_pass_propagate_shapes_on_graph(graph)
    passes._jit_pass_peephole(graph)
    for node in [node for node in all_nodes(graph) if node.kind() == "prim::dtype"]:
        value = next(node.inputs())
        while _dtype(value) is None and value.node().kind().rpartition("::")[2] in _VIEWS:
            value = next(value.node().inputs())
        dtype = _dtype(value)
        number = None if dtype is None else DTYPE_NUMBERS.get(dtype)
        if number is not None:
            graph.setInsertPoint(node)
            node.output().replaceAllUsesWith(graph.insertConstant(number))
    graph.setInsertPoint(graph.block())


def _dtype(value: Any) -> torch.dtype | None:
    kind = value.type()
    return kind.dtype() if isinstance(kind, torch.TensorType) else None


def _assign_through_views(graph: Any) -> None:
    """Make ``v = y[0]; v.add_(1)`` into ``y[0] = y[0] + 1``, which coremltools follows outside branches and loops."""
    for node in list(graph.nodes()):
        name = node.kind()
        if not name.startswith("aten::") or not name.endswith("_") or name.endswith("__") or name in _ASSIGNMENTS:
            continue
        target = next(node.inputs(), None)
        if target is None or target.node().kind() not in ("aten::select", "aten::slice"):
            continue
        made = graph.create(name.rstrip("_"), list(node.inputs()), 1)
        made.insertBefore(node)
        made.output().setType(node.output().type())
        made.copyMetadata(node)
        graph.setInsertPoint(node)
        is_async = graph.insertConstant(False)
        assigned = graph.create("aten::copy_", [target, made.output(), is_async], 1)
        assigned.insertBefore(node)
        assigned.output().setType(node.output().type())
        assigned.copyMetadata(node)
        node.output().replaceAllUsesWith(assigned.output())
        node.destroy()
    graph.setInsertPoint(graph.block())


def whole_slices_written_through(graph: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each assignment into ``y[:]``, with ``y``: coremltools loses it (``state[:, position] = value``)."""
    for node in graph.nodes():
        target = next(node.inputs(), None) if node.kind() in _ASSIGNMENTS_BY_INDEX else None
        whole = None if target is None else _whole_of(target)
        if whole is not None and whole is not target:
            yield node, whole


def write_to_whole_tensors(graph: Any) -> None:
    """Make assignments into ``y[:]`` assignments into ``y``, and let what reads ``y`` afterwards read the result."""
    for node, target in list(whole_slices_written_through(graph)):
        node.replaceInput(0, target)
        following = list(graph.nodes())
        following = following[following.index(node) + 1 :]
        for later in (*following, graph.return_node()):
            later.replaceInputWith(target, node.output())


def whole_tensors_overwritten(graph: Any) -> Iterator[Any]:
    """Yield each ``y.copy_(v)``, ``y.fill_(v)`` and ``y.zero_()`` on a tensor itself, which coremltools refuses."""
    for node in graph.nodes():
        if node.kind() == "aten::zero_":
            yield node
        elif node.kind() in ("aten::copy_", "aten::fill_"):
            target = next(node.inputs())
            if target.node().kind() not in _WRITABLE and target.type().dim() != 0:
                yield node


def overwrite_by_slices(graph: Any) -> None:
    """Make them into ``y[:] = v``, which coremltools follows."""
    for node in list(whole_tensors_overwritten(graph)):
        graph.setInsertPoint(node)
        target, *rest = node.inputs()
        if target.node().kind() not in _WRITABLE:
            numbers = [graph.insertConstant(number) for number in (0, 0, 2**63 - 1, 1)]
            part = graph.create("aten::slice", [target, *numbers], 1)
            part.insertBefore(node)
            part.output().setType(target.type())
            part.copyMetadata(node)
            target = part.output()
        if node.kind() == "aten::zero_":
            name, rest = "aten::fill_", [graph.insertConstant(0)]
        else:
            name = node.kind()
        if name == "aten::copy_" and (_sizes(target) is None or _sizes(rest[0]) != _sizes(target)):
            wide = graph.create("aten::expand_as", [rest[0], target], 1)
            wide.insertBefore(node)
            wide.output().setType(target.type())
            wide.copyMetadata(node)
            rest[0] = wide.output()
        made = graph.create(name, [target, *rest], 1)
        made.insertBefore(node)
        made.output().setType(node.output().type())
        made.copyMetadata(node)
        node.output().replaceAllUsesWith(made.output())
        node.destroy()
    graph.setInsertPoint(graph.block())


def _sizes(value: Any) -> Any:
    kind = value.type()
    return kind.sizes() if isinstance(kind, torch.TensorType) else None


def _whole_of(value: Any) -> Any:
    """Return the tensor of which a value is a slice from end to end, or of such a slice; else the value itself."""
    while value.node().kind() == "aten::slice":
        tensor, _, start, end, step = value.node().inputs()
        bounds = [bound.toIValue() for bound in (start, end, step)]
        if bounds[0] not in (None, 0) or bounds[2] != 1 or (bounds[1] is not None and bounds[1] < 2**62):
            break
        if end.node().kind() != "prim::Constant":
            break
        value = tensor
    return value


def has_checks(graph: Any) -> bool:
    """Whether the graph can raise."""
    return any(node.kind() == "prim::RaiseException" for node in all_nodes(graph))


def has_growing_lists(graph: Any) -> bool:
    """Whether a loop appends to a list or picks from one by its counter, which only an unrolled loop can have."""
    loops = [node for node in all_nodes(graph) if node.kind() == "prim::Loop"]
    inside = [inner for loop in loops for block in loop.blocks() for inner in all_nodes(block)]
    return any(node.kind() in ("aten::append", "aten::__getitem__", "aten::insert", "aten::pop") for node in inside)


def _drop_checks(graph: Any) -> None:
    """Take the other branch of every ``if`` that raises in one: a Core ML program cannot fail."""
    for node in [node for node in all_nodes(graph) if node.kind() == "prim::If"]:
        blocks = list(node.blocks())
        raising = [any(inner.kind() == "prim::RaiseException" for inner in block.nodes()) for block in blocks]
        if raising[0] == raising[1]:
            continue
        other = blocks[1] if raising[0] else blocks[0]
        for inner in list(other.nodes()):
            inner.moveBefore(node)
        for output, value in zip(list(node.outputs()), list(other.outputs()), strict=True):
            output.replaceAllUsesWith(value)
        node.destroy()


def lost_writes(graph: Any) -> Iterator[Any]:
    """Yield the nodes that write into a value which is read again by its old name, and that coremltools loses."""
    order = {node: position for position, node in enumerate(all_nodes(graph))}
    top = set(graph.nodes())
    returned = {value.debugName() for value in graph.outputs()}
    for node, position in order.items():
        name = node.kind().rpartition("::")[2]
        if not name.endswith("_") or name.startswith("__") or not node.kind().startswith("aten::"):
            continue
        if node.kind() in _ASSIGNMENTS and node in top:
            continue
        for value in _written(node):
            users = [use.user for use in value.uses() if use.user is not node]
            is_read = any(order.get(user, -1) > position or user.kind() == "prim::Return" for user in users)
            if is_read or value.debugName() in returned:
                yield node
                break


def _written(node: Any) -> Iterator[Any]:
    """Yield the value that a node writes into, and those that it is a view of; buffers of the model are states."""
    value = next(node.inputs(), None)
    while value is not None and value.node().kind() != "prim::GetAttr":
        yield value
        made_by = value.node()
        if made_by.kind().rpartition("::")[2] not in _VIEWS:
            return
        value = next(made_by.inputs(), None)
