"""Arrays of numbers narrower than a byte."""

from typing import Any

import numpy as np

from ..errors import fail
from .program import PACKED_BITS


def unpack_bits(packed: np.ndarray[Any, np.dtype[np.uint8]], dtype: str, count: int) -> np.ndarray[Any, Any]:
    """Return ``count`` numbers, one a byte, from a run of bits whose lowest come first.

    Args:
        packed: the bytes as stored; bits behind the last number are ignored.
        dtype: ``uint1`` ... ``uint6`` or ``int4``; the result is uint8, or int8 for the signed type.
    """
    width = PACKED_BITS[dtype]
    if packed.size != (count * width + 7) // 8:
        fail("package.malformed", f"{count} numbers of type {dtype} take {packed.size} bytes; the file is damaged.")
    bits = np.unpackbits(packed, bitorder="little")[: count * width].reshape(count, width)
    weights = (1 << np.arange(width)).astype(np.uint8)
    numbers: np.ndarray[Any, Any] = (bits * weights).sum(axis=1, dtype=np.uint8)
    if not dtype.startswith("int"):
        return numbers
    signed = numbers.astype(np.int8)
    return np.where(signed >= 1 << (width - 1), signed - (1 << width), signed).astype(np.int8)
