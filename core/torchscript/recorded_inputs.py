"""What a ``.pt`` says of its inputs: torch keeps the sizes of a trace's inputs, and nothing of a scripted model's."""

from collections.abc import Mapping
from typing import Any

import msgspec
import torch

from ..inputs.binding import Arguments
from ..inputs.values import DTYPE_NAMES
from ..recipe.model import Input

RECORD = "exportdesk_inputs.json"
"""Name of the extra file in the archive; whoever loads the file without asking for it never sees it."""


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of one method, in the order in which they are passed."""

    positional: tuple[Input, ...] = ()
    keyword: tuple[Input, ...] = ()


def record_of(calls: Mapping[str, Arguments]) -> dict[str, bytes]:
    """Return the extra file that tells each method's inputs: kinds, shapes and ranges, none of their values.

    A method with an argument that cannot be told in a recipe is left out.
    """
    found = {}
    for method, call in calls.items():
        positional = [_input(f"{index}", value) for index, value in enumerate(call.positional)]
        keyword = [_input(name, value) for name, value in call.keyword.items()]
        if None not in (*positional, *keyword):
            found[method] = RecordedCall(
                positional=tuple(filter(None, positional)), keyword=tuple(filter(None, keyword))
            )
    return {RECORD: msgspec.json.encode(found)} if found else {}


def recorded_calls(text: str | bytes) -> dict[str, RecordedCall]:
    """Read the extra file of an archive; nothing where it is absent, damaged or of another version."""
    try:
        return msgspec.json.decode(text, type=dict[str, RecordedCall]) if text else {}
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def _input(name: str, value: Any) -> Input | None:
    match value:
        case torch.Tensor() if value.dtype in DTYPE_NAMES and value.layout == torch.strided:
            low, high = None, None
            if not value.dtype.is_floating_point and not value.dtype.is_complex and value.numel():
                # What indexes a table must stay inside it when the inputs are made anew.
                low, high = float(value.min()), float(value.max()) + 1
            return Input(name=name, shape=tuple(value.shape), dtype=DTYPE_NAMES[value.dtype], low=low, high=high)
        case bool() | int() | float() | str() | None:
            return Input(name=name, kind="value", value=value)
        case list() | tuple():
            items = [_input("", item) for item in value]
            return _container(name, "list" if isinstance(value, list) else "tuple", items)
        case dict():
            if not all(isinstance(key, str) for key in value):
                return None
            return _container(name, "dict", [_input(key, item) for key, item in value.items()])
        case _:
            return None


def _container(name: str, kind: Any, items: list[Input | None]) -> Input | None:
    return None if None in items else Input(name=name, kind=kind, items=tuple(filter(None, items)))
