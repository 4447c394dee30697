"""The weight files of a package, mapped into memory: an array is a window on the file, not a copy of it.

The format (MIL blob storage, version 2): a 64-byte header (count, version), then for each array a 64-byte header
(sentinel, type, bytes, offset of the data) that the program points at, and its data, everything aligned to 64 bytes.
"""

import mmap
import os
import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import fail
from .bits import unpack_bits
from .program import NUMPY_TYPES, PACKED_BITS, BlobReference, TensorType

_SENTINEL = 0xDEADBEEF
_BLOB_TYPES = {
    1: "fp16", 2: "fp32", 3: "uint8", 4: "int8", 5: "bf16", 6: "int16", 7: "uint16", 8: "int4", 9: "uint1",
    10: "uint2", 11: "uint4", 12: "uint3", 13: "uint6", 14: "int32", 15: "uint32", 16: "fp8e4m3fn", 17: "fp8e5m2",
}  # fmt: skip
_SAME_BYTES = {frozenset({"bool", "uint8"}), frozenset({"bool", "int8"})}


class WeightFiles:
    """Weight files below one folder, each mapped when it is first asked for; nothing outside the folder is opened."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._maps: dict[str, memoryview] = {}

    def read(self, reference: BlobReference, kind: TensorType) -> np.ndarray[Any, Any]:
        """Return the array of a constant; it shares memory with the file where its type has a byte or more."""
        data = self._data(reference.file)
        where = f"weight at offset {reference.offset} of “{_relative(reference.file)}”"
        if not 64 <= reference.offset <= len(data) - 64:
            fail(
                "package.weights",
                f"The {where} lies outside the file ({len(data)} bytes); the package is damaged.",
                file=self._shown(reference.file),
            )
        sentinel, number, size, offset = struct.unpack_from("<IIQQ", data, reference.offset)
        if sentinel != _SENTINEL:
            fail(
                "package.weights",
                f"There is no {where}: the weight file is damaged or belongs to another model.",
                file=self._shown(reference.file),
            )
        stored = _BLOB_TYPES.get(number, f"type {number}")
        if stored != kind.dtype and frozenset({stored, kind.dtype}) not in _SAME_BYTES:
            fail(
                "package.weights",
                f"The {where} is {stored}; the program says {kind}.",
                file=self._shown(reference.file),
            )
        if offset > len(data) or size > len(data) - offset:
            fail(
                "package.weights",
                f"The {where} reaches past the end of the file; the package is truncated.",
                file=self._shown(reference.file),
            )
        return _array(data[offset : offset + size], kind, where)

    def _shown(self, name: str) -> str:
        return _relative(name) if self._folder is None else str(self._folder / _relative(name))

    def _data(self, name: str) -> memoryview:
        if name not in self._maps:
            self._maps[name] = self._map(name)
        return self._maps[name]

    def _map(self, name: str) -> memoryview:
        if self._folder is None:
            fail("package.weights", f"The program needs the weight file “{name}”, and it was given without one.")
        relative = _relative(name)
        path = Path(os.path.realpath(self._folder / relative))
        if not path.is_relative_to(os.path.realpath(self._folder)):
            fail("package.unsafe-path", f"The weight file “{relative}” lies outside the package.")
        if not path.is_file():
            fail("package.weights", f"The weight file “{relative}” is missing from the package.", file=str(path))
        size = path.stat().st_size
        if size < 64:
            fail("package.weights", f"The weight file “{relative}” has only {size} bytes.", file=str(path))
        try:
            with path.open("rb") as file:
                # Copy-on-write: never changes the file, yet writable memory, which torch wants to share.
                mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        except OSError as error:
            fail("package.unreadable", f"“{relative}” cannot be read: {error.strerror}.", file=str(path), cause=error)
        version = struct.unpack_from("<I", mapped, 4)[0]
        if version != 2:
            fail(
                "package.weights",
                f"The weight file “{relative}” has format version {version}; 2 is known.",
                file=str(path),
            )
        return mapped


def _relative(name: str) -> str:
    return name.removeprefix("@model_path/")


def _array(data: memoryview, kind: TensorType, where: str) -> np.ndarray[Any, Any]:
    if any(size is None for size in kind.shape):
        fail("package.malformed", f"The {where} has a dimension that is not constant.")
    shape = tuple(size or 0 for size in kind.shape)
    if kind.dtype in PACKED_BITS:
        return unpack_bits(np.frombuffer(data, np.uint8), kind.dtype, prod(shape)).reshape(shape)
    dtype = NUMPY_TYPES.get(kind.dtype)
    if dtype is None:
        fail("mil.unsupported-type", f"The {where} has element type {kind.dtype}, which is not supported.")
    if len(data) != prod(shape) * np.dtype(dtype).itemsize:
        fail("package.weights", f"The {where} has {len(data)} bytes; {kind} needs another number of them.")
    return np.frombuffer(data, dtype).reshape(shape)
