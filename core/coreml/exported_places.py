"""Where the operations of an exported program came from: submodule, file, line."""

import re
from typing import Any

from ..model_file.user_errors import is_users_file
from .locating import Location

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_SCOPE = "EXIR_STACK_TRACE"
"""Of coremltools: what it notes of each operation is the node's stack trace, and nothing else that tells the node."""


class Places:
    """The places of a graph's nodes, by name; read before anything is changed in the graph."""

    def __init__(self, graph: Any) -> None:
        self._by_name = {node.name: _place_of(node) for node in graph.nodes}

    def of(self, name: str) -> Location:
        """Return the place of a node; an empty one where nothing is known."""
        return self._by_name.get(name, Location())

    def hide_in(self, graph: Any) -> None:
        """Put each node's name where coremltools copies the stack trace from, so that ``of_operation`` finds it."""
        for node in graph.nodes:
            node.meta["stack_trace"] = node.name

    def of_operation(self, operation: Any) -> Location:
        """Return the place of an operation of the converted program."""
        for source, data in getattr(operation, "scopes", {}).items():
            if getattr(source, "name", "") == _SCOPE and data:
                return self.of(str(data[0]))
        return Location()


def frames_of(node: Any) -> list[tuple[str, int]]:
    """Return (file, line) of the calls that led to a node, outermost first."""
    return [(found["file"], int(found["line"])) for found in _FRAME.finditer(node.meta.get("stack_trace") or "")]


def _place_of(node: Any) -> Location:
    modules = node.meta.get("nn_module_stack") or {}
    path = next((str(row[0]) for row in reversed(modules.values())), None)
    frames = frames_of(node)
    own = [frame for frame in frames if is_users_file(frame[0])]
    file, line = own[-1] if own else (None, None)
    return Location(module=path, file=file, line=line)
