"""The job behind ``exportdesk graph`` and the graph tabs: read a file's graph, or two and their differences."""

from pathlib import Path

from ..job_context import JobContext
from ..requests import ReadGraph
from ..results import GraphResult
from .diff import diff_graphs
from .files import graph_of_file
from .model import Graph


def read_graph(request: ReadGraph, context: JobContext) -> GraphResult:
    """Run the request.

    Raises:
        ExportDeskError: a file is missing, damaged or of another kind.
    """
    with context.stage("read graph"):
        graph = _read(request, request.file, context)
    if request.other is None:
        return GraphResult(file=request.file, graph=graph, has_shapes=request.has_shapes)
    with context.stage("read other graph"):
        other = _read(request, request.other, context)
    with context.stage("compare graphs"):
        return GraphResult(file=request.file, graph=graph, other=other, diff=diff_graphs(graph, other))


def _read(request: ReadGraph, file: str, context: JobContext) -> Graph:
    return graph_of_file(
        Path(file),
        is_folded=request.is_folded,
        has_shapes=request.has_shapes,
        inputs=request.inputs,
        checkpoint=context.checkpoint,
    )
