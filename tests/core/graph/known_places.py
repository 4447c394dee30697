"""What is asked of every node of a graph: the module and the source line that it came from."""

from pathlib import Path

import torch
from exportdesk.core.graph.model import Graph

MADE_BY_CONVERSION = {"aten::Int", "aten::ScalarImplicit", "cast", "identity", "const"}
"""Torch makes a number of a size for itself, and coremltools changes types where float16 begins and ends."""


def assert_places_are_known(graph: Graph, file: str, model: object) -> None:
    """Count the nodes without a place.

    Args:
        file: name of the file that the lines lie in; empty where it may be any.
        model: that was exported; a function has no modules.
    """
    nodes = graph.nodes
    paths = {path for path, _ in model.named_modules()} if isinstance(model, torch.nn.Module) else {""}
    assert set(nodes.module) <= paths
    operations = [node for node in range(len(nodes)) if nodes.kind[node] not in ("input", "output")]
    without = [nodes.id[node] for node in operations if not nodes.file[node]]
    assert operations
    assert [node for node in without if nodes.op[nodes.id.index(node)] not in MADE_BY_CONVERSION] == []
    assert all(nodes.line[node] > 0 for node in operations if nodes.file[node])
    if file:
        assert {Path(nodes.file[node]).name for node in operations if nodes.file[node]} == {file}
