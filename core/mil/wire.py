"""The protobuf wire format, read from bytes that nobody vouches for."""

import struct
from collections.abc import Iterator

from ..errors import fail

MAXIMUM_DEPTH = 100
"""Messages nested deeper than this are refused: a real program nests a few dozen, a hostile one overflows the stack."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _malformed(reason: str) -> None:
    fail("package.malformed", f"The model file is damaged: {reason}.", hint="Copy or export the package again.")


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            _malformed("a number runs past its end")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind == _BYTES:
            size, position = _varint(data, position)
        elif kind == _FIXED64:
            size = 8
        elif kind == _FIXED32:
            size = 4
        else:
            _malformed(f"unknown wire type {kind}")
        if size > end - position:
            _malformed("a field is longer than the file")
        yield number, data[position : position + size]
        position += size


class Message:
    """The fields of one message by number, in file order; unknown numbers are kept and never looked at."""

    __slots__ = ("_depth", "_fields")

    def __init__(self, data: memoryview, depth: int = 0) -> None:
        if depth > MAXIMUM_DEPTH:
            _malformed("messages are nested too deeply")
        self._depth = depth
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in _fields(data):
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def _raw(self, number: int) -> list[memoryview]:
        values = self._fields.get(number, [])
        for value in values:
            if isinstance(value, int):
                _malformed(f"field {number} holds a number where a message was expected")
        return values  # type: ignore[return-value]  # each element was checked above

    def integer(self, number: int, default: int = 0) -> int:
        """Return the last varint of the field, read as a signed 64-bit number."""
        values = self._fields.get(number)
        if not values:
            return default
        value = values[-1]
        if not isinstance(value, int):
            _malformed(f"field {number} holds bytes where a number was expected")
            raise AssertionError
        return value - (1 << 64) if value >= 1 << 63 else value

    def text(self, number: int, default: str = "") -> str:
        raw = self._raw(number)
        return _text(raw[-1]) if raw else default

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(_text(value) for value in self._raw(number))

    def data(self, number: int) -> memoryview | None:
        raw = self._raw(number)
        return raw[-1] if raw else None

    def message(self, number: int) -> "Message | None":
        raw = self._raw(number)
        return Message(raw[-1], self._depth + 1) if raw else None

    def messages(self, number: int) -> "Iterator[Message]":
        for value in self._raw(number):
            yield Message(value, self._depth + 1)

    def mapping(self, number: int) -> "Iterator[tuple[str, Message]]":
        """Yield the entries of a ``map<string, message>``."""
        for entry in self.messages(number):
            value = entry.message(2)
            yield entry.text(1), value if value is not None else Message(memoryview(b""), self._depth + 1)

    def integers(self, number: int) -> list[int]:
        """Return a repeated varint, packed or not, as signed 64-bit numbers."""
        values: list[int] = []
        for value in self._fields.get(number, []):
            if isinstance(value, int):
                values.append(value)
                continue
            position = 0
            while position < len(value):
                item, position = _varint(value, position)
                values.append(item)
        return [value - (1 << 64) if value >= 1 << 63 else value for value in values]

    def packed(self, number: int) -> bytes:
        """Return a repeated fixed-width field as one run of little-endian bytes."""
        return b"".join(bytes(value) for value in self._raw(number))

    def fixed(self, number: int, layout: str) -> float | None:
        """Return one fixed-width number (``<f`` or ``<d``), or None where the field is absent."""
        raw = self._raw(number)
        if not raw:
            return None
        if len(raw[-1]) != struct.calcsize(layout):
            _malformed(f"field {number} has the wrong width")
        return float(struct.unpack(layout, raw[-1])[0])


def _text(value: memoryview) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        _malformed("a name is not valid UTF-8")
        raise
