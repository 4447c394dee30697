"""A MIL program as plain data: what a package says, before anything runs. No torch, no coremltools."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOATING = frozenset({"fp16", "fp32", "fp64"})


@dataclass(frozen=True, slots=True)
class TensorType:
    """``dtype`` is MIL's word (fp16, fp32, int32, uint4, bool, str ...); a dimension of None is known at run time."""

    dtype: str
    shape: tuple[int | None, ...] = ()

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if size is None else str(size) for size in self.shape)}]"


@dataclass(frozen=True, slots=True)
class ListType:
    element: "ValueType"
    length: int | None = None


@dataclass(frozen=True, slots=True)
class TupleType:
    elements: "tuple[ValueType, ...]" = ()


@dataclass(frozen=True, slots=True)
class DictionaryType:
    key: "ValueType"
    value: "ValueType"


@dataclass(frozen=True, slots=True)
class StateType:
    wrapped: "ValueType"


ValueType = TensorType | ListType | TupleType | DictionaryType | StateType


@dataclass(frozen=True, slots=True)
class BlobReference:
    """Where a constant lies: a file of the package, and the offset of its 64-byte header in it."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Value:
    """A constant. ``data`` is an array (numpy, any integer type for sub-byte ones), a text, a tuple or a dict of
    Values' data, or the place in the weight file that the array is read from."""

    type: ValueType
    data: Any


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    type: ValueType


Binding = str | Value
"""The name of an earlier value, or a constant in place."""


@dataclass(frozen=True, slots=True)
class Operation:
    type: str
    inputs: dict[str, tuple[Binding, ...]]
    outputs: tuple[Named, ...]
    blocks: "tuple[Block, ...]" = ()
    attributes: dict[str, Value] = field(default_factory=dict)
    module: str | None = None
    """Path of the submodule that it came from; a saved package tells it where ExportDesk made it. So of the others."""
    file: str | None = None
    line: int | None = None

    @property
    def label(self) -> str:
        """How the operation is named in messages: by its first output."""
        return self.outputs[0].name if self.outputs else self.type


@dataclass(frozen=True, slots=True)
class Block:
    inputs: tuple[Named, ...]
    outputs: tuple[str, ...]
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    inputs: tuple[Named, ...]
    opset: str
    """``iOS15`` ... ``iOS26``, from Core ML's CoreML5 ... CoreML9."""
    body: Block


@dataclass(frozen=True, slots=True)
class Program:
    functions: dict[str, Function]


def walk(block: Block) -> Iterator[Operation]:
    """Yield all operations, those of nested blocks after the one that holds them."""
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from walk(inner)


NUMPY_TYPES: dict[str, type[np.generic]] = {
    "fp16": np.float16,
    "fp32": np.float32,
    "fp64": np.float64,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "bool": np.bool_,
}
PACKED_BITS = {"uint1": 1, "uint2": 2, "uint3": 3, "uint4": 4, "uint6": 6, "int4": 4}
"""Types with several elements a byte, lowest bits first, one run of bits without gaps."""
