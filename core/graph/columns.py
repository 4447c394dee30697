"""Columns: how a graph of 50,000 nodes is kept in memory and sent between processes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]


class Ints(msgspec.Struct, frozen=True):
    """Whole numbers, little-endian int32; ``array`` is a read-only view without a copy."""

    data: bytes = b""

    @classmethod
    def of(cls, numbers: Sequence[int] | IntArray | NDArray[np.int64]) -> Self:
        return cls(np.asarray(numbers, "<i4").tobytes())

    @property
    def array(self) -> IntArray:
        return np.frombuffer(self.data, "<i4")

    def __len__(self) -> int:
        return len(self.data) // 4

    def __getitem__(self, index: int) -> int:
        return int(self.array[index])


class Floats(msgspec.Struct, frozen=True):
    """Coordinates, little-endian float32."""

    data: bytes = b""

    @classmethod
    def of(cls, numbers: Sequence[float] | FloatArray | NDArray[np.float64]) -> Self:
        return cls(np.asarray(numbers, "<f4").tobytes())

    @property
    def array(self) -> FloatArray:
        return np.frombuffer(self.data, "<f4")

    def __len__(self) -> int:
        return len(self.data) // 4

    def __getitem__(self, index: int) -> float:
        return float(self.array[index])


class Texts(msgspec.Struct, frozen=True):
    """Texts of which many are equal: each different one is kept once, in ``table``."""

    table: tuple[str, ...] = ()
    codes: Ints = Ints()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        known: dict[str, int] = {}
        codes = [known.setdefault(text, len(known)) for text in texts]
        return cls(tuple(known), Ints.of(codes))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> str:
        return self.table[self.codes[index]]

    def __iter__(self) -> Iterator[str]:
        table = self.table
        return (table[code] for code in self.codes.array.tolist())


class TextLists(msgspec.Struct, frozen=True):
    """A list of texts a row; row ``i`` is ``values[offsets[i]:offsets[i + 1]]``."""

    offsets: Ints = Ints()
    values: Texts = Texts()

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> Self:
        offsets = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return cls(Ints.of(offsets), Texts.of(text for row in rows for text in row))

    def __len__(self) -> int:
        return max(0, len(self.offsets) - 1)

    def __getitem__(self, index: int) -> tuple[str, ...]:
        begin, end = self.offsets[index], self.offsets[index + 1]
        return tuple(self.values[position] for position in range(begin, end))

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        values, offsets = list(self.values), self.offsets.array.tolist()
        return (tuple(values[begin:end]) for begin, end in pairwise(offsets))
