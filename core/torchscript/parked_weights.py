"""Weights of a large model out of memory while another process holds them: their bytes are in the file just saved."""

import contextlib
import ctypes
import struct
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch

_LEAST_BYTES = 128 * 2**20
"""What is parked in all; less is not worth that nothing else can be done meanwhile."""
_LEAST_STORAGE_BYTES = 2**16
_CHUNK_BYTES = 2**20
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a zip file's member: lengths of name and extra field, after which its bytes begin."""


@dataclass(frozen=True)
class ParkedWeights:
    """Storages of a module's tensors, each with the place in a file where the same bytes are.

    Storages are emptied and filled in place: parameters, buffers, views of them, and whatever else shares their
    memory keep their identity.
    """

    file: Path
    places: tuple[tuple[torch.UntypedStorage, int, int], ...]
    """Storage, its size in bytes, and the offset in the file."""

    @property
    def size_bytes(self) -> int:
        return sum(size for _, size, _ in self.places)

    @property
    def is_worthwhile(self) -> bool:
        return self.size_bytes >= _LEAST_BYTES

    @contextlib.contextmanager
    def parked(self) -> Iterator[None]:
        """Free the memory for the length of the block, in which nothing may use the module.

        Raises:
            OSError: the file cannot be read any more.
        """
        with self.file.open("rb") as file:
            for storage, _, _ in self.places:
                storage.resize_(0)
            try:
                yield
            finally:
                for storage, size, offset in self.places:
                    storage.resize_(size)
                    file.seek(offset)
                    if file.readinto(_memory(storage)) != size:
                        raise OSError(f"{self.file} ends too soon")


def find_weights(module: torch.nn.Module | None, file: Path) -> ParkedWeights:
    """Return the storages of a module whose bytes stand in a saved ``.pt`` as they are, found by comparing them."""
    if module is None:
        return ParkedWeights(file, ())
    tensors = [*module.parameters(), *module.buffers()]
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage()
        for tensor in tensors
        if tensor.device.type == "cpu" and tensor.layout is torch.strided
    }
    large = [s for s in storages.values() if s.nbytes() >= _LEAST_STORAGE_BYTES and s.resizable()]
    if sum(storage.nbytes() for storage in large) < _LEAST_BYTES:
        return ParkedWeights(file, ())
    offsets = _members(file)
    places = []
    with file.open("rb") as opened:
        for storage in large:
            found = (offset for offset in offsets[storage.nbytes()] if _is_equal(storage, opened, offset))
            if (offset := next(found, None)) is not None:
                places.append((storage, storage.nbytes(), offset))
    return ParkedWeights(file, tuple(places))


def _members(file: Path) -> dict[int, list[int]]:
    """Return the offsets of a zip file's uncompressed members, by size."""
    offsets: dict[int, list[int]] = defaultdict(list)
    with zipfile.ZipFile(file) as archive, file.open("rb") as opened:
        for member in archive.infolist():
            if member.compress_type == zipfile.ZIP_STORED:
                opened.seek(member.header_offset)
                name, extra = _LOCAL_HEADER.unpack(opened.read(_LOCAL_HEADER.size))
                offsets[member.file_size].append(member.header_offset + _LOCAL_HEADER.size + name + extra)
    return offsets


def _is_equal(storage: torch.UntypedStorage, file: BinaryIO, offset: int) -> bool:
    memory = _memory(storage)
    file.seek(offset)
    for start in range(0, len(memory), _CHUNK_BYTES):
        part = memory[start : start + _CHUNK_BYTES]
        if file.read(len(part)) != part:
            return False
    return True


def _memory(storage: torch.UntypedStorage) -> memoryview:
    # Not by way of numpy: a storage that numpy has seen can never be resized again.
    return memoryview((ctypes.c_char * storage.nbytes()).from_address(storage.data_ptr())).cast("B")
