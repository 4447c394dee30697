"""How large a node is, from its texts; measured without a font so that every machine lays out the same."""

import numpy as np

from ..model import Graph, GroupKind, NodeKind
from .boxes import Box

LINE_HEIGHT = 15.0
SMALL_HEIGHT = 13.0
PADDING = 8.0
HEADER = 24.0
"""Height of the strip of an open group that holds its title."""
FONT_SIZE = 12.0
SMALL_FONT_SIZE = 10.0
WIDEST = 360.0

_NARROW = frozenset("ijlI.,:;|'!()[]ft r·-")
_WIDE = frozenset("mwMW@%→—…QOGDHUNC")
_SQUARE = 0x2E80
"""From here on characters are about as wide as high: the scripts of East Asia, and pictures."""


def text_width(text: str, font_size: float = FONT_SIZE) -> float:
    """Return an upper estimate of the width of a text in a usual sans serif font."""
    width = 0.0
    for letter in text:
        width += 0.40 if letter in _NARROW else 0.86 if letter in _WIDE else 1.05 if ord(letter) >= _SQUARE else 0.62
    return width * font_size


def node_texts(graph: Graph, node: int, name: str = "") -> tuple[str, str]:
    """Return the two lines of a node; the second, small one may be empty.

    Args:
        name: of the submodule that consists of this node alone.
    """
    shape, dtype = graph.nodes.shape[node], graph.nodes.dtype[node]
    kind = graph.nodes.kind[node]
    label = graph.nodes.label[node]
    if kind == "output":
        label = label if label == "output" else f"output {label.removeprefix('output')}"
    if kind == NodeKind.CONTROL and not shape:
        dtype = ""  # a counter of turns is no news
    described = shape if dtype in ("", "float32") else f"{shape} {dtype}".strip()
    return label, " · ".join(part for part in (name, described.replace("()", "scalar")) if part)


class NodeSizes:
    """Boxes of single nodes; those with the same texts share one."""

    def __init__(self, graph: Graph) -> None:
        nodes = graph.nodes
        self._graph = graph
        keys = nodes.label.codes.array.astype(np.int64)
        for column in (nodes.shape, nodes.dtype, nodes.kind):
            keys = keys * len(column.table) + column.codes.array
        self._keys = keys
        self._known: dict[int, Box] = {}

    def box_of(self, node: int) -> Box:
        key = int(self._keys[node])
        box = self._known.get(key)
        if box is None:
            box = self._known[key] = Box(*box_size(*node_texts(self._graph, node)))
        return box


def group_texts(graph: Graph, group: int, operations: int) -> tuple[str, str]:
    """Return the two lines of a closed group."""
    return graph.groups.label[group], f"{operations:,} operation{'' if operations == 1 else 's'}"


def is_boxed(kind: str) -> bool:
    """Return whether a group keeps its box when it has a single node: control flow does, a module does not."""
    return kind not in (GroupKind.MODULE, GroupKind.FUNCTION)


def is_control(kind: str) -> bool:
    """Return whether a group is control flow."""
    return kind in (GroupKind.IF, GroupKind.LOOP, GroupKind.BRANCH)


def box_size(first: str, second: str) -> tuple[float, float]:
    """Return width and height of a node with these lines."""
    width = max(text_width(first), text_width(second, SMALL_FONT_SIZE), 30.0) + 2 * PADDING
    height = LINE_HEIGHT + (SMALL_HEIGHT if second else 0.0) + 10.0
    return min(WIDEST, round(width)), height
