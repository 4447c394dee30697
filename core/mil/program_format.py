"""MIL.proto: messages of the wire format to a Program.

Source: ``mlmodel/format/MIL.proto`` of coremltools 9.0; only field numbers are taken from it.
"""

from math import prod
from typing import Any

import numpy as np

from ..errors import fail
from .bits import unpack_bits
from .program import (
    NUMPY_TYPES,
    PACKED_BITS,
    Binding,
    BlobReference,
    Block,
    DictionaryType,
    Function,
    ListType,
    Named,
    Operation,
    Program,
    StateType,
    TensorType,
    TupleType,
    Value,
    ValueType,
)
from .scopes import Origins
from .wire import Message

_DTYPES = {
    1: "bool", 2: "str", 10: "fp16", 11: "fp32", 12: "fp64", 13: "bf16", 21: "int8", 22: "int16", 23: "int32",
    24: "int64", 25: "int4", 31: "uint8", 32: "uint16", 33: "uint32", 34: "uint64", 35: "uint4", 36: "uint2",
    37: "uint1", 38: "uint6", 39: "uint3", 40: "fp8e4m3fn", 41: "fp8e5m2",
}  # fmt: skip
_OPSETS = {"CoreML5": "iOS15", "CoreML6": "iOS16", "CoreML7": "iOS17", "CoreML8": "iOS18", "CoreML9": "iOS26"}


def read_program(message: Message, origins: Origins) -> Program:
    """Return the program; nothing is looked up in the weight files yet.

    Args:
        origins: of each value, as far as the package tells; see ``Origins.of_function``.
    """
    functions = {name: _function(name, body, origins.of_function(name)) for name, body in message.mapping(2)}
    if not functions:
        fail("package.malformed", "The program has no function.", hint="Export the package again.")
    return Program(functions)


def _function(name: str, message: Message, origins: Origins) -> Function:
    opset = message.text(2)
    blocks = dict(message.mapping(3))
    if opset not in blocks:
        fail("package.malformed", f"Function “{name}” has no block for its opset “{opset}”.")
    if opset not in _OPSETS:
        fail(
            "mil.unknown-opset",
            f"Function “{name}” is written for the operation set “{opset}”, which this version does not know.",
            hint=f"Known: {', '.join(_OPSETS)}. Export for an older deployment target.",
        )
    return Function(name, _named_values(message, 1), _OPSETS[opset], _block(blocks[opset], origins))


def _named_values(message: Message, number: int) -> tuple[Named, ...]:
    return tuple(Named(item.text(1), _type(item.message(2))) for item in message.messages(number))


def _block(message: Message, origins: Origins) -> Block:
    operations = tuple(_operation(item, origins) for item in message.messages(3))
    return Block(_named_values(message, 1), message.texts(2), operations)


def _operation(message: Message, origins: Origins) -> Operation:
    inputs = {name: tuple(_binding(item) for item in argument.messages(1)) for name, argument in message.mapping(2)}
    attributes = {name: read_value(item) for name, item in message.mapping(5)}
    if message.text(1) != "const":
        # The compressed weights of iOS 16 come as attributes; later ones as inputs.
        inputs |= {name: (value,) for name, value in attributes.items() if name != "name"}
    outputs = _named_values(message, 3)
    name = outputs[0].name if outputs else ""
    file, line = origins.lines.get(name, (None, None))
    return Operation(
        type=message.text(1),
        inputs=inputs,
        outputs=outputs,
        blocks=tuple(_block(item, origins) for item in message.messages(4)),
        attributes=attributes,
        module=origins.modules.get(name),
        file=file,
        line=line,
    )


def _binding(message: Message) -> Binding:
    value = message.message(2)
    return read_value(value) if value is not None else message.text(1)


def _type(message: Message | None) -> ValueType:  # noqa: RET503
    if message is not None:
        if (tensor := message.message(1)) is not None:
            return _tensor_type(tensor)
        if (items := message.message(2)) is not None:
            length = items.message(2)
            return ListType(_type(items.message(1)), None if length is None else _dimension(length))
        if (parts := message.message(3)) is not None:
            return TupleType(tuple(_type(item) for item in parts.messages(1)))
        if (table := message.message(4)) is not None:
            return DictionaryType(_type(table.message(1)), _type(table.message(2)))
        if (state := message.message(5)) is not None:
            return StateType(_type(state.message(1)))
    fail("package.malformed", "A value of the program has no type.")


def _tensor_type(message: Message) -> TensorType:
    number = message.integer(1)
    if number not in _DTYPES:
        fail("package.malformed", f"A value of the program has the unknown element type {number}.")
    shape = tuple(_dimension(item) for item in message.messages(3))
    if len(shape) != message.integer(2):
        fail("package.malformed", f"A value declares rank {message.integer(2)} and {len(shape)} dimensions.")
    return TensorType(_DTYPES[number], shape)


def _dimension(message: Message) -> int | None:
    constant = message.message(1)
    if constant is None:
        return None
    size = constant.integer(1)
    if size < 0:
        fail("package.malformed", f"A value declares a dimension of {size & (2**64 - 1)}.")
    return size


def read_value(message: Message) -> Value:
    """Return a constant; its array, where it lies in a weight file, is not read."""
    kind = _type(message.message(2))
    if (blob := message.message(5)) is not None:
        return Value(kind, BlobReference(blob.text(1), blob.integer(2)))
    immediate = message.message(3)
    if immediate is None:
        fail("package.malformed", "A constant of the program has no value.")
    return Value(kind, _immediate(kind, immediate))


def _immediate(kind: ValueType, message: Message) -> Any:  # noqa: RET503
    if (tensor := message.message(1)) is not None:
        if not isinstance(kind, TensorType):
            fail("package.malformed", "A constant holds a tensor where its type says otherwise.")
        return _tensor_data(kind, tensor)
    for number in (2, 3):
        if (items := message.message(number)) is not None:
            return tuple(read_value(item).data for item in items.messages(1))
    if (table := message.message(4)) is not None:
        return {_key(pair): _member(pair, 2) for pair in table.messages(1)}
    fail("package.malformed", "A constant of the program has no value.")


def _key(pair: Message) -> Any:
    key = _member(pair, 1)
    return key.item() if isinstance(key, np.ndarray) and key.size == 1 else str(key)


def _member(pair: Message, number: int) -> Any:
    value = pair.message(number)
    if value is None:
        fail("package.malformed", "An entry of a dictionary lacks its key or value.")
    return read_value(value).data


def _tensor_data(kind: TensorType, message: Message) -> Any:
    if any(size is None for size in kind.shape):
        fail("package.malformed", "A constant has a dimension that is not constant.")
    shape = tuple(size or 0 for size in kind.shape)
    count = prod(shape)
    if (texts := message.message(4)) is not None:
        items = texts.texts(1)
        if len(items) != count:
            fail("package.malformed", f"A constant declares {count} texts and has {len(items)}.")
        return items[0] if not shape else np.array(items, dtype=object).reshape(shape)
    array = _flat_array(kind, message, count)
    if array.size != count:
        fail("package.malformed", f"A constant declares {count} elements and has {array.size}.")
    return array.reshape(shape)


def _flat_array(kind: TensorType, message: Message, count: int) -> np.ndarray[Any, Any]:
    dtype = NUMPY_TYPES.get(kind.dtype)
    if (raw := message.message(7)) is not None:
        data = bytes(raw.data(1) or b"")
        if kind.dtype in PACKED_BITS:
            return unpack_bits(np.frombuffer(data, np.uint8), kind.dtype, count)
        if dtype is None or len(data) != count * np.dtype(dtype).itemsize:
            fail("package.malformed", f"A constant of type {kind} has {len(data)} bytes.")
        return np.frombuffer(data, dtype)
    if dtype is None:
        fail("package.malformed", f"A constant of type {kind} cannot be written as a list of numbers.")
    for number, layout in ((1, "<f4"), (6, "<f8")):
        if (floats := message.message(number)) is not None:
            data = floats.packed(1)
            if len(data) % int(layout[2]):
                fail("package.malformed", "A constant ends in the middle of a number.")
            return np.frombuffer(data, layout).astype(dtype)
    for number in (2, 3, 5):
        if (integers := message.message(number)) is not None:
            return _integers(integers.integers(1), kind.dtype)
    # An empty list of the right kind may be left out by writers.
    return np.zeros(0, dtype)


def _integers(values: list[int], dtype: str) -> np.ndarray[Any, Any]:
    wide = np.array(values, dtype=np.int64)
    narrow = wide.astype(NUMPY_TYPES[dtype])
    if dtype != "bool" and not np.array_equal(narrow.astype(np.int64), wide):
        fail("package.malformed", f"A constant of type {dtype} holds a number outside its range.")
    return narrow
