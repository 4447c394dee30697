"""Control flow: a box for each if with its branches, and for each loop with its body."""

from typing import Any

from ..model import GroupKind, NodeKind
from ..places import NOWHERE, Place, source_text, users_place
from ..shapes import example_of
from ..values import UNKNOWN, Bundle, Constant, Submodule, Value, Wire, as_constant
from .values_of_torch import agreed, range_of, same_stand_in, short
from .walk import Scope, Walk


def choose_branch(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    blocks = list(node.blocks())
    is_known, condition = as_constant(operands[0])
    if walk.is_folded and is_known:
        # The file has both sides and only ever runs this one.
        taken = blocks[0] if condition else blocks[1]
        walk.nodes(taken.nodes(), scope)
        return [scope.names[value.unique()] for value in taken.outputs()]
    text = source_text(walk.range_of(node)).rstrip(":")
    text = text if text.startswith(("if", "elif")) else "if"
    box = _box(walk, node, scope, GroupKind.IF, text)
    inside = scope.inside(box)
    walk.add(node, inside, node.kind(), "choose a branch", operands[:1], kind=NodeKind.CONTROL, outputs=[])
    head_index = walk.builder.node_count - 1
    sides = []
    for block, name in zip(blocks, ("then", "else"), strict=True):
        branch = walk.builder.add_group(
            f"{walk.builder.group_id(box)}/{name}",
            name,
            kind=GroupKind.BRANCH,
            parent=box,
            module=scope.module,
        )
        first = walk.builder.node_count
        inner = scope.inside(branch)
        walk.nodes(block.nodes(), inner)
        sides.append([_shown(walk, value, inner, walk.place(node, scope)) for value in block.outputs()])
        if walk.builder.node_count > first:
            walk.builder.add_edge(head_index, first, target_port=-1)
    if not node.outputsSize():
        return []
    merged: list[Value] = [Bundle(pair) for pair in zip(*sides, strict=True)]
    decided = example_of(operands[0])
    if isinstance(decided, bool):
        # Sizes decide, and for these inputs only one side is ever taken.
        examples = [example_of(value) for value in sides[0 if decided else 1]]
    else:
        examples = [agreed(one, other) for one, other in zip(*sides, strict=True)]
    control = NodeKind.CONTROL
    return walk.add(node, inside, "prim::Return", "either", merged, kind=control, examples=examples)


def run_loop(walk: Walk, node: Any, scope: Scope, operands: list[Value]) -> list[Value] | None:
    block = next(iter(node.blocks()))
    is_fixed, turns = as_constant(operands[0])
    text = source_text(walk.range_of(node)).rstrip(":")
    if not text.startswith(("for", "while")):
        text = f"loop, {turns} turns" if is_fixed and isinstance(turns, int) and turns < 2**31 else "loop"
    box = _box(walk, node, scope, GroupKind.LOOP, text)
    inner = scope.inside(box)
    parameters = list(block.inputs())
    # The shapes of the first turn; where they grow from turn to turn, the end of the loop tells.
    firsts = [UNKNOWN, *(example_of(operand) for operand in operands[2:])]
    starts = walk.add(
        node, inner, node.kind(), "each turn", operands, kind=NodeKind.CONTROL, outputs=parameters, examples=firsts
    )
    for parameter, start, operand in zip(parameters[1:], starts[1:], operands[2:], strict=True):
        is_module = isinstance(operand, Submodule)
        scope.names[parameter.unique()] = operand if is_module else start
    scope.names[parameters[0].unique()] = starts[0]
    walk.nodes(block.nodes(), inner)
    if not node.outputsSize():
        return []
    ends = [scope.names[value.unique()] for value in block.outputs()]
    examples = [same_stand_in(example_of(end), first) for end, first in zip(ends[1:], firsts[1:], strict=True)]
    label = "next turn, or done"
    return walk.add(node, inner, "prim::Return", label, ends, kind=NodeKind.CONTROL, examples=examples)


def _box(walk: Walk, node: Any, scope: Scope, kind: GroupKind, label: str) -> int:
    file, line = walk.place(node, scope)
    return walk.builder.add_group(
        f"{scope.prefix}{kind.value}",
        label,
        kind=kind,
        parent=scope.group,
        module=scope.module,
        file=file,
        line=line,
    )


def _shown(walk: Walk, value: Any, scope: Scope, place: Place) -> Value:
    """Return what a branch returns; a constant gets a node, so that a branch that only chooses one can be seen."""
    result = scope.names[value.unique()]
    if not isinstance(result, Constant):
        return result
    written = users_place(range_of(value.node()))
    file, line = place if written == NOWHERE else written
    node = walk.builder.add_node(
        f"{scope.prefix}{value.debugName()}",
        "prim::Constant",
        short(result.value),
        kind=NodeKind.CONSTANT,
        module=scope.module,
        file=file,
        line=line,
        group=scope.group,
        outputs=(value.debugName(),),
    )
    return Wire(node, 0, value.debugName(), result.shape, result.dtype, example=example_of(result))
