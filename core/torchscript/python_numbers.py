"""Python numbers in a trace, which torch saves as tensors of their own: a reloaded file computes in float64 with them.

``torch.arange(8) * 0.5`` is float32, since 0.5 is a Python number. A trace keeps it as a tensor without dimensions that
is marked as a number; the mark is lost when the trace is saved (torch 2.13), and an integer tensor times a float64
tensor is float64. The file then gives other types than the model, or fails where they meet float32.
"""

from typing import Any

import torch

from .torch_jit import Compiled, method_names, method_of

_WITH_SCALARS = frozenset(
    f"aten::{name}" for name in ("mul", "add", "sub", "div", "true_divide", "floor_divide", "remainder", "fmod", "pow")
)


def keep_python_numbers(compiled: Compiled) -> None:
    """Put numbers in the place of such tensors, in every method; call before anything has run or was saved."""
    if not isinstance(compiled, torch.jit.ScriptModule):
        _keep_in(compiled.graph)
        return
    for module in compiled.modules():
        if isinstance(module, torch.jit.ScriptModule):
            for name in method_names(module):
                _keep_in(method_of(module, name).graph)


def _keep_in(graph: Any) -> None:
    for node in list(graph.nodes()):
        if node.kind() not in _WITH_SCALARS:
            continue
        value, number = list(node.inputs())[:2]
        if _is_number(number) and _is_whole(value) and _dtype(node.output()) is torch.get_default_dtype():
            graph.setInsertPoint(node)
            node.replaceInput(1, graph.insertConstant(float(number.node().t("value"))))
    graph.setInsertPoint(graph.block())


def _is_number(value: Any) -> bool:
    node = value.node()
    if node.kind() != "prim::Constant" or not node.hasAttribute("value") or node.kindOf("value") != "t":
        return False
    tensor = node.t("value")
    return bool(tensor.dim() == 0 and tensor.dtype is torch.float64)


def _is_whole(value: Any) -> bool:
    dtype = _dtype(value)
    return dtype is not None and not dtype.is_floating_point and not dtype.is_complex


def _dtype(value: Any) -> torch.dtype | None:
    kind = value.type()
    return kind.dtype() if isinstance(kind, torch.TensorType) else None
