"""Branches and loops of the TorchScript graph against those of the converted program."""

from collections.abc import Iterator
from typing import Any

from ..diagnostics import Diagnostic, Severity
from .locating import all_nodes, is_library, locate, source_frames, source_line
from .source import Source

_COUNTERPARTS = {"prim::If": ("cond", "branches"), "prim::Loop": ("while_loop", "loops")}


_OF_SHAPES = {"aten::size", "aten::dim", "aten::numel", "aten::sym_size", "aten::is_floating_point", "prim::device"}
_OF_SHAPES |= {"prim::dtype", "prim::is_cuda", "prim::layout", "aten::__is__", "aten::__isnot__", "prim::Constant"}


def missing_control_flow(graph: Any, program: Any, source: Source) -> list[Diagnostic]:
    """Return a finding for each kind of control flow of which the program has less than the graph.

    A branch that known shapes decide is rightly gone: a warning, since only numbers on inputs that take each way tell.
    One that the values of an input decide cannot be gone rightly: an error. coremltools has dropped such silently.
    Source: https://github.com/apple/coremltools/issues/1995
    """
    found = []
    for kind, (counterpart, word) in _COUNTERPARTS.items():
        nodes = [node for node in all_nodes(graph) if node.kind() == kind and not _is_decided(node)]
        kept = sum(operation.op_type == counterpart for operation in _operations(program))
        if kept >= len(nodes):
            continue
        on_data = [node for node in nodes if _is_used(node) and any(map(depends_on_values, conditions(node)))]
        is_lost = kept < len(on_data)
        shown = on_data if is_lost else nodes
        places = [locate(node, source.module) for node in shown]
        lines = sorted({place.line for place in places if place.line is not None})
        where = f"(lines {', '.join(map(str, lines))})"
        first = places[0]
        what = "that the values of an input decide" if is_lost else "on data or shapes"
        outcome = "coremltools dropped the others" if is_lost else "the others were decided while converting"
        found.append(
            Diagnostic(
                code="convert.control-flow",
                severity=Severity.ERROR if is_lost else Severity.WARNING,
                message=f"Of {len(shown)} {word} {what} {where}, the Core ML program has {kept}; {outcome}.",
                module=first.module,
                file=first.file,
                line=first.line,
                source=source_line(first),
                hint="Do not ship this package. Write the choice with torch.where, or make it in the app."
                if is_lost
                else "Look at the numeric checks, with inputs that go each way.",
            )
        )
    return found


def depends_on_values(value: Any) -> bool:
    """Whether a value of a TorchScript graph depends on what an input holds, not only on its shape or on constants."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if value.unique() in seen:
            continue
        seen.add(value.unique())
        node = value.node()
        if node.kind() in _OF_SHAPES:
            continue
        if node.kind() == "prim::Param":
            owner = node.owningBlock().owningNode()
            if owner is not None:
                waiting += _fed_by(value, owner)
            elif value.type().kind() != "ClassType":  # the module itself, whose weights are constants
                return True
            continue
        waiting += node.inputs()
        for block in node.blocks():
            waiting += block.outputs()
    return False


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


def _fed_by(value: Any, loop: Any) -> list[Any]:
    """Return what a value that a loop hands from turn to turn comes from: outside, and the turn before."""
    body = next(loop.blocks())
    position = [given.unique() for given in body.inputs()].index(value.unique())
    if position == 0:
        return []  # the number of the turn
    return [list(loop.inputs())[position + 1], list(body.outputs())[position]]


def conditions(node: Any) -> list[Any]:
    """Return what decides a branch; of a loop, its count, and its condition before the first turn and the next."""
    inputs = list(node.inputs())
    if node.kind() == "prim::If":
        return inputs[:1]
    return [*inputs[:2], next(next(node.blocks()).outputs())]


def _is_used(node: Any) -> bool:
    """Whether anything reads what a branch or loop gives; what only raises an error is told apart."""
    return any(output.uses() for output in node.outputs())


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
