"""The neutral graph: what TorchScript, a MIL program or a saved file is drawn and compared as."""

from enum import StrEnum

import msgspec

from .columns import Ints, TextLists, Texts

NO_GROUP = -1
"""Group index of what lies at the top."""


class NodeKind(StrEnum):
    """What a node is for a reader; decides its colour, never its place."""

    INPUT = "input"
    OUTPUT = "output"
    OPERATION = "operation"
    CONSTANT = "constant"
    CONTROL = "control"


class GroupKind(StrEnum):
    """What a box stands for."""

    MODULE = "module"
    """One call of a submodule."""
    FUNCTION = "function"
    """One call of a function with several operations inside."""
    METHOD = "method"
    """One method, where a file has several and none is called forward."""
    IF = "if"
    LOOP = "loop"
    BRANCH = "branch"
    """One side of an ``if``."""
    CHAPTER = "chapter"
    """Neighbours in a list too long to be seen at once; see ``chapters``. Files and JSON have none."""


class Nodes(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of equal length, in the order of the program."""

    id: tuple[str, ...]
    """Unique in the graph, and the same each time that the same file is read."""
    op: Texts
    """The operation's own name: ``aten::_convolution``, ``conv``; ``input`` and ``output`` at the ends."""
    label: Texts
    """What a person reads: ``conv2d 3→6 k3``."""
    kind: Texts
    detail: Texts
    """Constant arguments as ``name=value`` texts, for tooltips and comparison."""
    module: Texts
    """Path of the submodule, ``""`` for the model itself."""
    file: Texts
    """``""`` where torch made the node itself."""
    line: Ints
    """0 where there is no file."""
    group: Ints
    """Index of the innermost group, or NO_GROUP."""
    inputs: TextLists
    """Names of the values that go in, folded constants as texts."""
    outputs: TextLists
    """Names of the values that come out."""
    shape: Texts
    """Shape of the first output, as in Edges."""
    dtype: Texts

    def __len__(self) -> int:
        return len(self.id)


class Edges(msgspec.Struct, frozen=True, kw_only=True):
    """One value going from a node to a node; ports count outputs and inputs of the two."""

    source: Ints
    target: Ints
    source_port: Ints
    target_port: Ints
    shape: Texts
    """``1×3×64×64``; ``()`` for a tensor without dimensions, ``""`` where it is not known."""
    dtype: Texts

    def __len__(self) -> int:
        return len(self.source)


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """Nested boxes; a parent comes before its children."""

    id: tuple[str, ...]
    parent: Ints
    """Index of the group around it, or NO_GROUP."""
    kind: Texts
    label: Texts
    module: Texts
    file: Texts
    line: Ints

    def __len__(self) -> int:
        return len(self.id)


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A graph of one model; invariant: edges and groups refer to nodes and groups that exist."""

    source: str
    """``torchscript`` or ``mil``."""
    title: str
    nodes: Nodes
    edges: Edges
    groups: Groups


def shape_text(sizes: tuple[int | str, ...] | None) -> str:
    """Return the text under which a shape is kept; None is an unknown shape, a negative size an unknown size."""
    if sizes is None:
        return ""
    if not sizes:
        return "()"
    return "×".join("?" if isinstance(size, int) and size < 0 else str(size) for size in sizes)


def parse_shape(text: str) -> list[int | str] | None:
    """Return the sizes of a shape text; a size that is not a number stays a text."""
    if not text:
        return None
    if text == "()":
        return []
    return [int(size) if size.isdigit() else size for size in text.split("×")]
