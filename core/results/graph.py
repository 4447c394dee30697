"""Graphs of files, their differences, and what their operations took."""

import msgspec

from ..graph.diff import GraphDiff
from ..graph.model import Graph
from .result import Result


class GraphResult(Result, frozen=True, kw_only=True, tag="graph"):
    """The graph of a file; ``other`` and ``diff`` where two files were compared."""

    file: str
    graph: Graph
    other: Graph | None = None
    diff: GraphDiff | None = None
    has_shapes: bool = True
    """Whether the shapes that a file does not keep were looked for."""


class OperationTime(msgspec.Struct, frozen=True, array_like=True):
    """What an operation took in one run of the model: the median of several runs."""

    seconds: float
    """Of all its turns together."""
    turns: int


class TimesResult(Result, frozen=True, kw_only=True, tag="times"):
    """Each operation timed in real runs on this machine's processor, which says little of another one."""

    file: str
    graph: Graph
    """With the shapes of the run, where the file itself does not tell them."""
    times: dict[str, OperationTime]
    """By id of the node; what did not run for these inputs is not in it."""
    runs: int
    """That were timed, behind one that was not."""
    inputs: str
    """Which inputs they were, for people."""
    threads: int
    """That torch was allowed."""
