"""Dictionaries in a graph, which coremltools refuses, as the tuples that they are while their keys are constants."""

from typing import Any

import torch

from .locating import all_nodes

_CONTAINERS = ("prim::Return", "prim::TupleConstruct", "prim::ListConstruct")


def flatten_dicts(graph: Any) -> None:
    """Take dictionaries out of a graph, in place: returned ones become tuples of their values, in their order.

    ``d["key"]`` becomes the value itself. A dictionary with a key that is computed stays as it is.
    """
    inlined = graph.copy()
    torch._C._jit_pass_inline(inlined)
    if not any(node.kind() == "prim::DictConstruct" for node in all_nodes(inlined)):
        return
    torch._C._jit_pass_inline(graph)
    for node in [node for node in all_nodes(graph) if node.kind() == "prim::DictConstruct"]:
        items = list(node.inputs())
        keys, values = [key.toIValue() for key in items[::2]], items[1::2]
        if None in keys:
            continue
        _read_directly(node, dict(zip(keys, values, strict=True)))
        uses = [use.user for use in node.output().uses()]
        if uses and all(user.kind() in _CONTAINERS for user in uses):
            _as_tuple(graph, node, values)
        elif not uses:
            node.destroy()


def _read_directly(node: Any, values: dict[Any, Any]) -> None:
    for use in list(node.output().uses()):
        user = use.user
        if user.kind() != "aten::__getitem__":
            continue
        key = list(user.inputs())[1].toIValue()
        if key in values:
            user.output().replaceAllUsesWith(values[key])
            user.destroy()


def _as_tuple(graph: Any, node: Any, values: list[Any]) -> None:
    made = graph.create("prim::TupleConstruct", values, 1)
    made.insertBefore(node)
    made.output().setType(torch._C.TupleType([value.type() for value in values]))
    node.output().replaceAllUsesWith(made.output())
    node.destroy()
