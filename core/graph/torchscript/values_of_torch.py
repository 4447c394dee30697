"""What torch's own objects say: types, constants, names, source ranges."""

import re
from typing import Any

import torch

from ..labels import ShapeOnly
from ..model import shape_text
from ..shapes import DTYPES, described, example_of
from ..values import NEVER_GIVEN, UNKNOWN, Constant, Value, name_in_port

_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_PLAIN_TYPES = {"IntType": "int", "FloatType": "float", "BoolType": "bool", "StringType": "str", "NumberType": "number"}


def constant_of(value: Any, name: str = "") -> Value:
    if isinstance(value, torch.Tensor):
        sizes = tuple(value.shape)
        dtype = DTYPES.get(value.dtype, "")
        if not name and not sizes and value.device.type == "cpu" and not value.is_quantized:
            return Constant(value.item(), name, "()", dtype)
        return Constant(ShapeOnly(sizes), name, shape_text(sizes), dtype)
    return Constant(value, name)


def short(value: Any) -> str:
    constant = constant_of(value)
    return name_in_port(constant) or '""'


def type_of(value: Any, example: Any = UNKNOWN) -> tuple[str, str]:
    """Return shape and type of a value: those that the graph has, then those of its stand-in."""
    kind = value.type()
    name = kind.kind()
    if name != "TensorType":
        return "", _PLAIN_TYPES.get(name, "")
    sizes, dtype = kind.sizes(), kind.dtype()
    shape, seen = described(example)
    return shape_text(None if sizes is None else tuple(sizes)) or shape, DTYPES.get(dtype, "") or seen


def agreed(one: Value, other: Value) -> Any:
    """Return the stand-in that both sides of a branch have in common; a side that leaves early gives nothing."""
    if one is NEVER_GIVEN or other is NEVER_GIVEN:
        return example_of(other if one is NEVER_GIVEN else one)
    return same_stand_in(example_of(one), example_of(other))


def same_stand_in(one: Any, other: Any) -> Any:
    """Return a stand-in if it is the same as another."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one if one.shape == other.shape and one.dtype == other.dtype else UNKNOWN
    return UNKNOWN


def class_in_text(text: str) -> str:
    """Return torch's text of a type or a member of it as the user wrote it: ``Color.RED``."""
    return re.sub(r"__torch__\.(?:[a-z_]\w*\.)*", "", _MANGLED.sub("", text))


def own_label(node: Any) -> str:
    """Return what an operation on an object is called, which its kind alone does not tell; empty for all others."""
    match node.kind():
        case "prim::CallMethod":
            return f"{node.s('name')}()"
        case "prim::GetAttr":
            return str(node.s("name"))
        case "prim::SetAttr":
            return f"set {node.s('name')}"
        case "prim::TupleIndex":
            return f"item {node.inputsAt(1).toIValue()}"
        case "prim::CreateObject":
            return class_in_text(str(node.output().type()))
        case _:
            return ""


def class_name(handle: Any) -> str:
    return _MANGLED.sub("", str(handle.qualified_name)).rpartition(".")[2]


def range_of(node: Any) -> str:
    """Return the source range of a node as text; empty where the file's record of it is damaged."""
    try:
        return str(node.sourceRange())
    except (RuntimeError, MemoryError):  # a length that was flipped is read as memory to be had
        return ""
