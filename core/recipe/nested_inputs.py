"""Inputs given one tensor at a time, put together to nested ones by their paths: ``state[0]``, ``batch["image"]``.

The paths are those under which outputs are shown. ``x[0]`` and ``x[1]`` make a tuple, ``x[]`` twice a list of two,
``x["key"]`` or ``x.key`` a dict; ``encode:x`` is the input ``x`` of the method ``encode``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ..errors import fail
from .model import Input, InputKind

_STEP = re.compile(r"""\[\s*(?P<index>\d*)\s*\]|\[\s*["'](?P<quoted>[^"']*)["']\s*\]|[.\[](?P<key>[^.\[\]]+)\]?""")
_NAME = re.compile(r"(?:(?P<method>\w+):)?(?P<name>[^.\[\]:]+)")


@dataclass
class _Node:
    leaf: Input | None = None
    kind: InputKind = "tensor"
    members: dict[str, "_Node"] = field(default_factory=dict)


def nested_inputs(rows: Sequence[Input]) -> tuple[Input, ...]:
    """Return inputs made of rows whose names are paths; a plain name is an input as it is.

    Raises:
        ExportDeskError: ``call.input`` for a path that cannot be read, or two that do not fit together.
    """
    roots: dict[tuple[str | None, str], _Node] = {}
    for row in rows:
        text = row.name
        found = _NAME.match(text)
        if found is None:
            fail("call.input", f"{text!r} is not the name of an input.", hint=_EXAMPLES)
        node = roots.setdefault((found["method"], found["name"].strip()), _Node())
        _place(node, text[found.end() :], row, text)
    return tuple(
        msgspec.structs.replace(_input(node, name, name), method=method) for (method, name), node in roots.items()
    )


_EXAMPLES = 'Write x=1,3,8,8; state[0]=1,4 and state[1]=1,4; batch["image"]=1,3,8,8; items[]=1,4; encode:x=1,4.'


def _place(node: _Node, path: str, row: Input, text: str) -> None:
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            fail("call.input", f"{text!r} is not a path to an input.", hint=_EXAMPLES)
        position = step.end()
        kind: InputKind
        if step["index"] is None:
            kind, key = "dict", step["quoted"] if step["quoted"] is not None else step["key"]
        elif step["index"]:
            kind, key = "tuple", step["index"]
        else:
            kind, key = "list", str(len(node.members))
        if node.leaf is not None or (node.members and node.kind != kind):
            fail("call.input", f"{text!r} does not fit to what is given for the same input before.", hint=_EXAMPLES)
        node.kind = kind
        node = node.members.setdefault(key, _Node())
    if node.leaf is not None or node.members:
        fail("call.input", f"{text!r} is given twice.", hint="Give each input once.")
    node.leaf = row


def _input(node: _Node, name: str, path: str) -> Input:
    if node.leaf is not None:
        return msgspec.structs.replace(node.leaf, name=name)
    members = node.members
    if node.kind == "tuple":
        members = {key: members[key] for key in sorted(members, key=int)}
        if list(members) != [str(index) for index in range(len(members))]:
            missing = next(index for index in range(len(members)) if str(index) not in members)
            fail("call.input", f"{path}[{missing}] is missing.", hint="Number the members of a tuple from 0.")
    items = tuple(
        _input(member, key if node.kind == "dict" else "", f"{path}[{key}]") for key, member in members.items()
    )
    return Input(name=name, kind=node.kind, items=items)
