"""Inputs and shapes as short text: ``x=1,3,64..512=224,64..512=224:float32``, on the command line and in the window."""

import difflib
import re

from ..errors import fail
from .model import DTYPES, Dimension, FileFill, Input, RangeDimension

_RANGE = re.compile(r"(?P<min>\d+)\s*\.\.\s*(?P<max>\d+)(\s*=\s*(?P<default>\d+))?")
_EXAMPLES = "Write sizes with commas: 1,3,224,224; a range as 64..512=224; choices as 1|2|4; a file as @sample.npy."


def parse_shape(text: str) -> tuple[Dimension, ...]:
    """Read a shape; an empty text is the shape of a zero-dimensional tensor.

    Raises:
        ExportDeskError: ``call.shape``.
    """
    text = text.strip()
    if not text:
        return ()
    return tuple(_parse_dimension(part.strip(), text) for part in text.split(","))


def shape_text(shape: tuple[Dimension, ...]) -> str:
    """Return the text that ``parse_shape`` reads back."""
    return ",".join(dimension_text(dimension) for dimension in shape)


def dimension_text(dimension: Dimension) -> str:
    """Return ``224``, ``64..512=224`` or ``1|2|4``."""
    match dimension:
        case RangeDimension(min=low, max=high, default=default):
            return f"{low}..{high}" if default is None else f"{low}..{high}={default}"
        case tuple():
            return "|".join(str(size) for size in dimension) if len(dimension) > 1 else f"{dimension[0]}|{dimension[0]}"
        case _:
            return str(dimension)


def parse_input(text: str) -> Input:
    """Read one ``--input``: ``name=shape``, ``name=shape:dtype``, ``name=@file`` or ``name=@file:dtype``.

    Raises:
        ExportDeskError: ``call.input`` or ``call.shape``.
    """
    name, equals, rest = text.partition("=")
    name, rest = name.strip(), rest.strip()
    if not equals or not name:
        fail("call.input", f"--input {text!r} has no name.", hint="Write NAME=SHAPE, for example x=1,3,224,224.")
    if rest.startswith("@"):
        if not rest[1:]:
            fail("call.input", f"--input {text!r} names no file after '@'.", hint="Write x=@sample.npy.")
        file, _, kind = rest[1:].rpartition(":")
        if file and kind in DTYPES:
            return Input(name=name, fill=FileFill(file=file), dtype=kind)  # type: ignore[arg-type]  # one of DTYPES
        return Input(name=name, fill=FileFill(file=rest[1:]))
    shape, colon, dtype = rest.partition(":")
    dtype = dtype.strip() if colon else "float32"
    if dtype not in DTYPES:
        near = difflib.get_close_matches(dtype, DTYPES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(DTYPES)}."
        fail("call.input", f"--input {name}: {dtype!r} is not a dtype.", hint=hint)
    return Input(name=name, shape=parse_shape(shape), dtype=dtype)  # type: ignore[arg-type]  # one of DTYPES


def _parse_dimension(part: str, whole: str) -> Dimension:
    try:
        if found := _RANGE.fullmatch(part):
            default = int(found["default"]) if found["default"] else None
            return RangeDimension(min=int(found["min"]), max=int(found["max"]), default=default)
        if "|" in part:
            return tuple(int(size) for size in part.split("|"))
        size = int(part)
    except ValueError as error:
        reason = str(error) if _RANGE.fullmatch(part) else f"{part!r} is not a size"
        fail("call.shape", f"The shape {whole!r} is wrong: {reason}.", hint=_EXAMPLES)
    if size < 0:
        fail("call.shape", f"The shape {whole!r} is wrong: {size} is negative.", hint=_EXAMPLES)
    return size
