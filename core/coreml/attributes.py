"""Attributes of scripted modules that are no tensors (numbers, lists of weights), as coremltools takes them."""

from typing import Any

import torch

from .locating import all_nodes, attribute_path, submodule


def resolve_attributes(graph: Any, module: torch.nn.Module) -> None:
    """Put constants in the place of plain attributes, and lists of the weights in that of lists, in place.

    coremltools reads submodules and tensors only; a scripted ``nn.LSTM`` reads ``training`` and ``_flat_weights``.
    """
    for node in [node for node in all_nodes(graph) if node.kind() == "prim::GetAttr"]:
        kind = str(node.output().type())
        if not node.output().uses():
            continue
        if kind in ("bool", "int", "float", "str", "NoneType"):
            graph.setInsertPoint(node)
            node.output().replaceAllUsesWith(graph.insertConstant(_value(node, module)))
        elif kind == "List[Tensor]":
            _list_weights(graph, node, module)
    graph.setInsertPoint(graph.block())


def _owner(node: Any, module: torch.nn.Module) -> torch.nn.Module:
    return submodule(module, ".".join(attribute_path(node.output())[:-1]))


def _value(node: Any, module: torch.nn.Module) -> Any:
    return getattr(_owner(node, module), node.s("name"))


def _list_weights(graph: Any, node: Any, module: torch.nn.Module) -> None:
    owner = _owner(node, module)
    own = [*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False)]
    names = {tensor.data_ptr(): name for name, tensor in own}
    wanted = [names.get(tensor.data_ptr()) for tensor in getattr(owner, node.s("name"))]
    if None in wanted:
        return
    values = []
    for name in wanted:
        read = graph.create("prim::GetAttr", [next(node.inputs())], 1)
        read.s_("name", name)
        read.output().setType(torch._C.TensorType.get())
        read.insertBefore(node)
        values.append(read.output())
    made = graph.create("prim::ListConstruct", values, 1)
    made.output().setType(torch._C.ListType.ofTensors())
    made.insertBefore(node)
    node.output().replaceAllUsesWith(made.output())
