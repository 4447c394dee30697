"""Functions that a graph calls."""

from typing import Any

import torch

from ..values import Value


class CalledFunction:
    """A function that a graph calls; torch hides its graph, so a graph of one call is made and torch inlines it."""

    def __init__(self, node: Any) -> None:
        self._constant = node

    def body_of_call(self, call: Any, operands: list[Value]) -> tuple[Any, list[Value]]:
        """Return the inlined graph of this call and the values of its inputs.

        Constants go into the graph, so that sides of an ``if`` that this call cannot take are removed.
        """
        body, inputs = inlined_call(call)
        by_name = {call.inputsAt(index).unique(): operands[index] for index in range(call.inputsSize())}
        torch._C._jit_pass_constant_propagation(body)
        torch._C._jit_pass_dce(body)
        return body, [by_name[value.unique()] for value in inputs]


def inlined_call(call: Any) -> tuple[Any, list[Any]]:
    """Return the inlined graph of one call of a function, constants in it, and torch's values that go in.

    Each time that the same call is read, the values of the graph have the same names.
    """
    body: Any = torch._C.Graph()
    copies: dict[int, Any] = {}
    inputs: list[Any] = []

    def copy_of(value: Any) -> Any:
        if value.unique() not in copies:
            if value.node().kind() == "prim::Constant":
                copies[value.unique()] = body.insertNode(body.createClone(value.node(), lambda old: old)).output()
            else:
                copies[value.unique()] = body.addInput()
                copies[value.unique()].setType(value.type())
                inputs.append(value)
        return copies[value.unique()]

    clone = body.insertNode(body.createClone(call, copy_of))
    for index in range(clone.outputsSize()):
        body.registerOutput(clone.outputsAt(index))
    torch._C._jit_pass_inline(body)
    return body, inputs
