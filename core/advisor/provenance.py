"""How each tensor of a run was made: a graph of calls, which tells data from parameters and sizes from values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

_SIZE_ONLY = {
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "rand_like",
    "randn_like",
    "new_zeros",
    "new_ones",
    "new_empty",
    "new_full",
    "new_tensor",
    "size",
    "dim",
    "numel",
}
"""Calls whose result holds nothing of the values of their first argument."""
_DATA_SHAPED = {"nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "bincount"}

_SIZED_BY_FIRST = {
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "masked_scatter",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    *_SIZE_ONLY,
}
"""Calls whose result has the size of their first argument, whatever is written into it."""


@dataclass(slots=True, eq=False)
class Node:
    """One tensor and the call that made it; ``name`` is normalised (``__gt__`` and ``gt_`` are ``gt``), and is
    ``input`` or ``constant`` (a parameter, a buffer, a literal) where no call did."""

    name: str
    value: torch.Tensor
    args: tuple[Any, ...] = ()
    """Arguments, with nodes in the place of tensors."""
    kwargs: dict[str, Any] | None = None
    is_data: bool = False
    is_data_shaped: bool = False
    """Whether the size of the tensor depends on values, not on sizes alone."""


class Provenance:
    """The nodes of one run. All tensors of the run stay alive as long as it does, so that an ``id`` means one."""

    def __init__(self, inputs: Iterable[torch.Tensor], state: Iterable[torch.Tensor] = ()) -> None:
        self._nodes: dict[int, Node] = {}
        for tensor in (*inputs, *state):
            self._nodes[id(tensor)] = Node("input", tensor, is_data=True)

    def node(self, tensor: Any) -> Node:
        """Return the node of a tensor; one that was never seen is a constant."""
        found = self._nodes.get(id(tensor))
        if found is None:
            found = self._nodes[id(tensor)] = Node("constant", tensor)
        return found

    def computed(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Node:
        """Return a node for a call that gave Python a value."""
        node_args = self._replaced(args)
        parents = list(nodes_in(node_args))
        return Node(normal_name(name), torch.empty(0), node_args, {}, is_data=any(node.is_data for node in parents))

    def record(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Keep how ``result`` was made."""
        if name == "__setitem__":
            self._change(args[0], "setitem", args, kwargs)
            return
        if isinstance(result, torch.Tensor):
            self._add(result, name, args, kwargs)
        elif isinstance(result, tuple | list):
            for index, member in enumerate(result):
                if isinstance(member, torch.Tensor):
                    self._add(member, f"{name}[{index}]", args, kwargs)

    def _add(self, result: torch.Tensor, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if args and result is args[0]:
            self._change(result, name, args, kwargs)
            return
        self._nodes[id(result)] = self._made(result, name, args, kwargs)

    def _change(self, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The tensor was changed in place; a view changes what it is a view of."""
        if not isinstance(target, torch.Tensor):
            return
        had_data_shape = self.node(target).is_data_shaped
        node = self._made(target, name, args, kwargs)
        # In place, only values change; resize_ is no more than a rare way to prepare an output.
        node.is_data_shaped = had_data_shape
        self._nodes[id(target)] = node
        base = target._base
        if base is not None and node.is_data:
            self._nodes[id(base)] = Node("setitem", base, (self.node(base), node), is_data=True)

    def _made(self, result: torch.Tensor, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Node:
        plain = normal_name(name)
        node_args, node_kwargs = (
            self._replaced(args),
            dict(zip(kwargs, self._replaced(tuple(kwargs.values())), strict=True)),
        )
        parents = [*nodes_in(node_args), *nodes_in(tuple(node_kwargs.values()))]
        sources = parents[1:] if plain in _SIZE_ONLY else parents
        return Node(
            plain,
            result,
            node_args,
            node_kwargs,
            is_data=any(parent.is_data for parent in sources),
            is_data_shaped=result.dim() > 0
            and (
                any(parent.is_data_shaped for parent in (parents[:1] if plain in _SIZED_BY_FIRST else parents))
                or _makes_its_size(plain, parents)
            ),
        )

    def _replaced(self, values: Any) -> Any:
        if isinstance(values, torch.Tensor):
            return self.node(values)
        if type(values) in (tuple, list):
            return tuple(self._replaced(value) for value in values)
        return values


def nodes_in(values: Any) -> Iterable[Node]:
    """Return the nodes in nested arguments."""
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from nodes_in(value)


def asks_for_nan(node: Node, depth: int = 8) -> bool:
    """Whether NaN or infinity can be what a condition is about: ``isnan``, ``isfinite``, ``x != x``."""
    if node.name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
        return True
    if node.name in ("ne", "eq") and len(node.args) > 1 and node.args[0] is node.args[1]:
        return True
    return depth > 0 and any(asks_for_nan(parent, depth - 1) for parent in nodes_in(node.args))


def normal_name(name: str) -> str:
    """``__gt__``, ``gt_`` and ``gt`` are one operation."""
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
    return name if name.startswith("_") else name.rstrip("_")


def _makes_its_size(name: str, parents: list[Node]) -> bool:
    if not any(parent.is_data for parent in parents):
        return False
    if name.partition("[")[0] in _DATA_SHAPED or (name.startswith("where[") and len(parents) == 1):
        return True
    if name == "getitem":
        return any(parent.value.dtype in (torch.bool, torch.uint8) and parent.is_data for parent in parents[1:])
    return name == "repeat_interleave" and len(parents) > 1 and parents[1].is_data
