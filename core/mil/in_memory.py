"""Programs in memory: coremltools' ``MLModel`` and MIL ``Program``. its objects are read, not imported."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import fail
from .features import ArrayFeature, Description, Feature, Interface, StateFeature
from .package import Package, read_specification
from .program import (
    Binding,
    Block,
    DictionaryType,
    Function,
    ListType,
    Named,
    Operation,
    Program,
    StateType,
    TensorType,
    Value,
    ValueType,
)
from .scopes import module_map, scope_of
from .weights import WeightFiles

_HIDDEN_INPUTS = ("_existing_blocks", "_cond", "_body", "_true_fn", "_false_fn", "name")


def package_of(source: Any) -> Package:  # noqa: RET503
    """Return what can be run of an object of coremltools.

    Raises:
        ExportDeskError: ``call.not-a-package`` for anything but an MLModel, its specification, or a MIL program.
    """
    if hasattr(source, "get_spec"):
        folder = getattr(source, "weights_dir", None)
        specification = source.get_spec().SerializeToString()
        modules = module_map(source) if getattr(source, "_mil_program", None) is not None else None
        return read_specification(specification, None if folder is None else Path(folder).parent, modules=modules)
    if hasattr(source, "SerializeToString") and hasattr(source, "specificationVersion"):
        return read_specification(source.SerializeToString(), None)
    if hasattr(source, "functions") and hasattr(source, "default_function_name"):
        return _program_package(source)
    fail(
        "call.not-a-package",
        f"A {type(source).__name__} cannot be run.",
        hint="Give the path of an .mlpackage, an MLModel or a MIL Program.",
    )


def _program_package(source: Any) -> Package:
    functions = {name: _function(name, function) for name, function in source.functions.items()}
    interfaces = {name: interface_of(function) for name, function in functions.items()}
    default = source.default_function_name if source.default_function_name in functions else next(iter(functions))
    description = Description(interfaces[default], interfaces, default)
    return Package("program", description, Program(functions), WeightFiles(None), 0)


def interface_of(function: Function) -> Interface:
    def features(items: tuple[Named, ...]) -> tuple[Feature, ...]:
        found = []
        for item in items:
            is_state = isinstance(item.type, StateType)
            kind = item.type.wrapped if isinstance(item.type, StateType) else item.type
            dtype = kind.dtype if isinstance(kind, TensorType) else "fp32"
            array = ArrayFeature(dtype, tuple(size or 1 for size in kind.shape) if isinstance(kind, TensorType) else ())
            found.append(Feature(item.name, StateFeature(array) if is_state else array))
        return tuple(found)

    states = tuple(item for item in function.inputs if isinstance(item.type, StateType))
    inputs = tuple(item for item in function.inputs if not isinstance(item.type, StateType))
    return Interface(inputs=features(inputs), states=features(states))


def _function(name: str, source: Any) -> Function:
    inputs = tuple(Named(key, _type(variable)) for key, variable in source.inputs.items())
    opset = source.opset_version.name if source.opset_version is not None else "iOS15"
    # Before iOS 15 there are no ML programs; an in-memory program of that age uses the same operations.
    known = opset if opset in ("iOS16", "iOS17", "iOS18", "iOS26") else "iOS15"
    return Function(name, inputs, known, _block(source, ()))


def _block(source: Any, inputs: tuple[Named, ...]) -> Block:
    return Block(
        inputs,
        tuple(variable.name for variable in source.outputs),
        tuple(_operation(item) for item in source.operations),
    )


def _operation(source: Any) -> Operation:
    outputs = tuple(Named(variable.name, _type(variable)) for variable in source.outputs)
    parts = scope_of(source)
    module = None if parts is None else ".".join(parts)
    if source.op_type == "const":
        value = _constant(source.outputs[0])
        return Operation("const", {}, outputs, attributes={"val": value}, module=module)
    inputs: dict[str, tuple[Binding, ...]] = {}
    for name, given in source.inputs.items():
        if name in _HIDDEN_INPUTS or given is None:
            continue
        items = given if isinstance(given, list | tuple) else (given,)
        inputs[name] = tuple(_binding(item) for item in items)
    blocks = tuple(
        _block(block, tuple(Named(variable.name, _type(variable)) for variable in block.inputs))
        for block in source.blocks
    )
    return Operation(source.op_type, inputs, outputs, blocks, module=module)


def _binding(variable: Any) -> Binding:
    # Constants are operations of their block; those made inside an operation's inputs are not, and come along.
    if variable.op is not None and variable.op.op_type == "const" and variable.op.enclosing_block is None:
        return _constant(variable)
    name: str = variable.name
    return name


def _constant(variable: Any) -> Value:
    kind, data = _type(variable), variable.val
    if isinstance(kind, ListType):
        return Value(kind, tuple(item.val if hasattr(item, "val") else item for item in data))
    if isinstance(kind, TensorType) and kind.dtype != "str":
        return Value(kind, np.asarray(getattr(data, "val", data)))
    return Value(kind, data)


def _type(variable: Any) -> ValueType:
    return _of_class(variable.sym_type)


def _of_class(kind: Any) -> ValueType:
    """Return the type that one of coremltools' type classes stands for."""
    text = kind.__type_info__() if hasattr(kind, "__type_info__") else None
    name = text.name if text is not None else str(kind)
    if name == "tensor":
        shape = tuple(int(size) if isinstance(size, int | np.integer) else None for size in kind.get_shape())
        return TensorType(_dtype(kind.get_primitive()), shape)
    if name == "list":
        return ListType(_of_class(kind.T[0]))
    if name == "state":
        return StateType(_of_class(kind.wrapped_type()))
    if name == "dict":
        return DictionaryType(_of_class(kind.T[0]), _of_class(kind.T[1]))
    return TensorType(_dtype(kind))


def _dtype(kind: Any) -> str:
    name: str = kind.__type_info__().name
    return {"double": "fp64", "fp": "fp32", "int": "int32", "string": "str"}.get(name, name)
