"""Branches and loops of the TorchScript graph against those of the converted program."""

from collections.abc import Iterator
from typing import Any

from ..diagnostics import Diagnostic, Severity
from .locating import all_nodes, is_library, locate, source_frames, source_line
from .source import Source

_COUNTERPARTS = {"prim::If": ("cond", "branches"), "prim::Loop": ("while_loop", "loops")}


def missing_control_flow(graph: Any, program: Any, source: Source) -> list[Diagnostic]:
    """Return a warning for each kind of control flow of which the program has less than the graph.

    A branch that known shapes decide is rightly gone; one that coremltools dropped is gone silently. Only numbers on
    inputs that take each way tell which, so the warning names the lines.
    """
    found = []
    for kind, (counterpart, word) in _COUNTERPARTS.items():
        nodes = [node for node in all_nodes(graph) if node.kind() == kind and not _is_decided(node)]
        kept = sum(operation.op_type == counterpart for operation in _operations(program))
        if kept >= len(nodes):
            continue
        places = [locate(node, source.module) for node in nodes]
        lines = sorted({place.line for place in places if place.line is not None})
        first = places[0]
        found.append(
            Diagnostic(
                code="convert.control-flow",
                severity=Severity.WARNING,
                message=f"Of {len(nodes)} {word} on data or shapes (lines {', '.join(map(str, lines))}), the Core ML "
                f"program has {kept}; the others were decided while converting.",
                module=first.module,
                file=first.file,
                line=first.line,
                source=source_line(first),
                hint="Look at the numeric checks, with inputs that go each way.",
            )
        )
    return found


def checks_left_out(graph: Any, source: Source) -> list[Diagnostic]:
    """Return a warning for each line of the user's own that raises: a Core ML program cannot fail, and goes on.

    Args:
        graph: the model's, inlined and not yet simplified.
    """
    found: dict[Any, Diagnostic] = {}
    for node in all_nodes(graph):
        frames = source_frames(node) if node.kind() == "prim::RaiseException" else []
        if not frames or is_library(frames[0][0]):
            continue
        place = locate(node, source.module)
        found[place] = Diagnostic(
            code="convert.check-left-out",
            severity=Severity.WARNING,
            message="A Core ML program cannot raise an error: it goes on where the model would stop here.",
            module=place.module,
            file=place.file,
            line=place.line,
            source=source_line(place),
            hint="Check such inputs in the app, before it calls the model.",
        )
    return list(found.values())


def _is_decided(node: Any) -> bool:
    """Whether a condition is a constant of the graph."""
    if node.kind() == "prim::If":
        return bool(next(node.inputs()).node().kind() == "prim::Constant")
    return False


def _operations(program: Any) -> Iterator[Any]:
    for function in program.functions.values():
        yield from _block_operations(function)


def _block_operations(block: Any) -> Iterator[Any]:
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _block_operations(inner)
