"""What is no step of its own: constants, attributes, lists that are built and taken apart, numbers in tensors."""

import dataclasses
import re
from typing import Any

import torch

from ..model import NodeKind
from ..values import NEVER_GIVEN, UNKNOWN, Bundle, Constant, Submodule, Value, Wire, as_constant
from .functions import CalledFunction
from .values_of_torch import class_in_text, constant_of, short, type_of
from .walk import LIST_CHANGES, Scope, Walk


def fold_constant(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    output = node.output()
    if output.type().kind() == "FunctionType":
        return [Constant(CalledFunction(node), node.s("name") if node.hasAttribute("name") else "function")]
    try:
        value = output.toIValue()
    except RuntimeError:  # a member of an enum, or an object, of a class that is not here
        written = re.search(r"\[value=(.*?)\]\(\)", str(node), re.DOTALL)
        value = class_in_text(written[1]) if written else "constant"
    if not walk.is_folded:
        return walk.add(node, scope, node.kind(), short(value), [], kind=NodeKind.CONSTANT)
    return [constant_of(value)]


def fold_attribute(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    owner, name = operands[0], node.s("name")
    if not isinstance(owner, Submodule) or not owner.handle.hasattr(name):
        return None
    path = f"{owner.path}.{name}" if owner.path else name
    if path in walk.written:
        return [walk.written[path]]
    walk.attributes.add(path)
    try:
        value = owner.handle.getattr(name)
    except RuntimeError:  # of a class that is not here
        value = class_in_text(str(node.output().type()))
    if isinstance(value, (torch._C.ScriptModule, torch.jit.ScriptModule)):
        return [Submodule(path, getattr(value, "_c", value))]
    if not walk.is_folded:
        return walk.add(node, scope, node.kind(), f"{name} {short(value)}".strip(), [], kind=NodeKind.CONSTANT)
    return [constant_of(value, path)]


def note_attribute(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    owner, value = operands[0], operands[1]
    if isinstance(owner, Submodule) and isinstance(value, Wire):
        walk.written[f"{owner.path}.{node.s('name')}" if owner.path else node.s("name")] = value
    return None


def fold_building(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    if not walk.is_folded or any(isinstance(operand, Submodule) for operand in operands):
        return None
    output = node.output()
    if any(use.user.kind() in LIST_CHANGES for use in output.uses()):
        return None
    if node.kind() != "prim::DictConstruct":
        return [Bundle(tuple(operands))]
    keys = [as_constant(key) for key in operands[::2]]
    if not all(is_known for is_known, _ in keys):
        return None
    return [Bundle(tuple(operands[1::2]), tuple(key for _, key in keys))]


def fold_unpacking(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    whole = operands[0]
    if isinstance(whole, Bundle) and len(whole.items) == node.outputsSize():
        return list(whole.items)
    if isinstance(whole, Constant) and isinstance(whole.value, (list, tuple)):
        if len(whole.value) == node.outputsSize():
            return [constant_of(item) for item in whole.value]
        return None
    if walk.is_folded and isinstance(whole, Wire):
        # The parts of one output: they stay that output, so that unpacking is no step between two operations.
        outputs = [node.outputsAt(index) for index in range(node.outputsSize())]
        is_seen = isinstance(whole.example, (list, tuple)) and len(whole.example) == len(outputs)
        examples = whole.example if is_seen else [UNKNOWN] * len(outputs)
        return [
            Wire(whole.node, whole.port, output.debugName(), *type_of(output, example), example=example)
            for output, example in zip(outputs, examples, strict=True)
        ]
    return None


def fold_picking(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    whole, (is_known, index) = operands[0], as_constant(operands[1])
    if not is_known:
        return None
    if isinstance(whole, Bundle) and whole.keys:
        return [whole.items[whole.keys.index(index)]] if index in whole.keys else None
    if isinstance(whole, Bundle) and isinstance(index, int) and -len(whole.items) <= index < len(whole.items):
        return [whole.items[index]]
    return None


def pass_on(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    if not operands:
        return [NEVER_GIVEN]  # of prim::Uninitialized
    return [operands[0]] if walk.is_folded else None


def wrap_number(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    source = operands[0]
    if not walk.is_folded:
        return None
    if isinstance(source, Wire):
        return [dataclasses.replace(source, is_number=True)]
    return [source] if isinstance(source, Constant) else None


def unwrap_number(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    source = operands[0]
    is_wrapped = isinstance(source, Wire) and source.is_number
    is_known = isinstance(source, Constant) and isinstance(source.value, (int, float))
    return [source] if walk.is_folded and (is_wrapped or is_known) else None
