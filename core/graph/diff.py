"""What differs between two graphs: which nodes are the same, which changed, which are only in one."""

import re
from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher

import msgspec
import numpy as np

from .columns import Ints, TextLists, Texts
from .model import NO_GROUP, Edges, Graph, Nodes

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
SMALL = 400
"""Up to so many nodes on a side, a stretch without landmarks is compared node by node."""

_NAMES = {
    "_convolution": "conv", "convolution": "conv", "conv1d": "conv", "conv2d": "conv", "conv3d": "conv",
    "conv_transpose1d": "conv_transpose", "conv_transpose2d": "conv_transpose", "conv_transpose3d": "conv_transpose",
    "addmm": "linear", "mm": "matmul", "bmm": "matmul", "real_div": "div", "floordiv": "floor_div", "cat": "concat",
    "view": "reshape", "permute": "transpose", "lt": "less", "gt": "greater", "le": "less_equal", "ge": "greater_equal",
    "eq": "equal", "ne": "not_equal", "to": "cast", "unsqueeze": "expand_dims", "Loop": "while_loop", "If": "cond",
    "Return": "return",
    "Constant": "const", "reduce_mean": "mean", "scaled_dot_product_attention": "attention",
    "slice": "slice_by_index", "embedding": "gather",
}  # fmt: skip
_FAMILIES = ((re.compile(r"(adaptive_)?(max|avg)_pool[123]?d?.*"), r"\2_pool"), (re.compile(r"reduce_(\w+)"), r"\1"))


class GraphDiff(msgspec.Struct, frozen=True, kw_only=True):
    """``before`` and ``after`` are equally long: the pairs of nodes that stand for each other."""

    before: Ints
    after: Ints
    changes: Texts
    """What differs within a pair, ``shape: 1×3 → 1×4; …``; empty where nothing does."""
    removed: Ints
    """Nodes of the first graph that the second lacks."""
    added: Ints
    """Nodes of the second graph that the first lacks."""

    @property
    def is_empty(self) -> bool:
        return not len(self.removed) and not len(self.added) and not any(self.changes)


def diff_graphs(before: Graph, after: Graph) -> GraphDiff:
    """Compare two graphs, of whatever origin; operations of torch and of MIL that do the same are the same."""
    has_modules = all(any(graph.nodes.module) for graph in (before, after))
    left, right = (_keys(graph, has_modules) for graph in (before, after))
    pairs = _aligned(left, right)
    taken_left, taken_right = {one for one, _ in pairs}, {other for _, other in pairs}
    # A step that was moved, or that lost its place among its neighbours, is still the same step.
    rest_left = [index for index in range(len(left)) if index not in taken_left]
    rest_right = [index for index in range(len(right)) if index not in taken_right]
    pairs += _in_order(left, right, rest_left, rest_right)
    pairs.sort()
    one_sided_left = sorted(set(rest_left) - {one for one, _ in pairs})
    one_sided_right = sorted(set(rest_right) - {other for _, other in pairs})
    return GraphDiff(
        before=Ints.of([one for one, _ in pairs]),
        after=Ints.of([other for _, other in pairs]),
        changes=Texts.of(_changes(before, after, pairs)),
        removed=Ints.of(one_sided_left),
        added=Ints.of(one_sided_right),
    )


def plain_name(op: str) -> str:
    """Return the name of an operation that TorchScript and MIL share."""
    name = op.rpartition("::")[2]
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
    name = _NAMES.get(name, name)
    for pattern, replacement in _FAMILIES:
        if pattern.fullmatch(name):
            return pattern.sub(replacement, name)
    return name


def _keys(graph: Graph, has_modules: bool) -> list[Hashable]:
    modules = graph.nodes.module if has_modules else [""] * len(graph.nodes)
    keys: list[Hashable] = []
    for op, module, label, kind in zip(graph.nodes.op, modules, graph.nodes.label, graph.nodes.kind, strict=True):
        # Inputs are told apart by their names, other nodes by what they do.
        keys.append((plain_name(op), module, label if kind == "input" else ""))
    return keys


def _aligned(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return pairs of equal keys that cross nowhere: patience diff, without recursion."""
    pairs: list[tuple[int, int]] = []
    stretches = [(0, len(left), 0, len(right))]
    while stretches:
        a, b, c, d = stretches.pop()
        while a < b and c < d and left[a] == right[c]:
            pairs.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and left[b - 1] == right[d - 1]:
            b, d = b - 1, d - 1
            pairs.append((b, d))
        if a == b or c == d:
            continue
        marks = _landmarks(left, right, a, b, c, d)
        if marks:
            for one, other in [*marks, (b, d)]:
                stretches.append((a, one, c, other))
                a, c = one, other
        elif b - a <= SMALL and d - c <= SMALL:
            matcher = SequenceMatcher(None, left[a:b], right[c:d], autojunk=False)
            for block in matcher.get_matching_blocks():
                pairs += [(a + block.a + step, c + block.b + step) for step in range(block.size)]
    return pairs


def _landmarks(
    left: Sequence[Hashable], right: Sequence[Hashable], a: int, b: int, c: int, d: int
) -> list[tuple[int, int]]:
    """Return the longest rising run of keys that are unique on both sides; none at the very start of the stretch."""
    seen_left: dict[Hashable, list[int]] = defaultdict(list)
    seen_right: dict[Hashable, list[int]] = defaultdict(list)
    for index in range(a, b):
        seen_left[left[index]].append(index)
    for index in range(c, d):
        seen_right[right[index]].append(index)
    unique = [
        (places[0], seen_right[key][0])
        for key, places in seen_left.items()
        if len(places) == 1 and len(seen_right.get(key, ())) == 1
    ]
    unique.sort()
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for position, (_, other) in enumerate(unique):
        at = int(np.searchsorted(tails, other))
        previous.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(other)
            ends.append(position)
        else:
            tails[at], ends[at] = other, position
    run = []
    position = ends[-1] if ends else -1
    while position >= 0:
        run.append(unique[position])
        position = previous[position]
    return [mark for mark in run[::-1] if mark != (a, c)]


def _in_order(
    left: Sequence[Hashable], right: Sequence[Hashable], rest_left: Sequence[int], rest_right: Sequence[int]
) -> list[tuple[int, int]]:
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for index in rest_right:
        waiting[right[index]].append(index)
    return [(index, waiting[left[index]].popleft()) for index in rest_left if waiting.get(left[index])]


def _changes(before: Graph, after: Graph, pairs: list[tuple[int, int]]) -> list[str]:
    same_source = before.source == after.source
    columns = []
    for name in ("op", "label", "shape", "dtype", "detail"):
        columns.append((name, list(getattr(before.nodes, name)), list(getattr(after.nodes, name))))
    result = []
    for one, other in pairs:
        told = []
        same_op = columns[0][1][one] == columns[0][2][other]
        for name, left, right in columns:
            old, new = left[one], right[other]
            if name == "dtype" and not same_source:
                continue  # Core ML has types of its own, and half precision is chosen on purpose
            if old == new or (name == "op" and not same_source):
                continue
            if name in ("shape", "dtype") and not (old and new):
                continue  # known on one side only: nothing to compare
            if name in ("label", "detail") and not (same_op and same_source):
                continue
            if name == "label" and same_op:
                continue  # made from the same details
            told.append(f"constants: {_detail_change(old, new)}" if name == "detail" else f"{name}: {old} → {new}")
        result.append("; ".join(told))
    return result


def _detail_change(old: str, new: str) -> str:
    before, after = (dict(part.partition("=")[::2] for part in text.split("  ") if part) for text in (old, new))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names)


def merged(before: Graph, after: Graph, diff: GraphDiff) -> tuple[Graph, list[str]]:
    """Return the second graph with the removed nodes of the first put back, and the state of each node.

    The states are SAME, ADDED, REMOVED and CHANGED.
    """
    count = len(after.nodes)
    states = [SAME] * count + [REMOVED] * len(diff.removed)
    for node in diff.added.array.tolist():
        states[node] = ADDED
    for node, change in zip(diff.after.array.tolist(), diff.changes, strict=True):
        if change:
            states[node] = CHANGED
    removed = diff.removed.array.tolist()
    place = dict(zip(diff.before.array.tolist(), diff.after.array.tolist(), strict=True))
    place |= {node: count + position for position, node in enumerate(removed)}
    gone = set(removed)
    kept_edges = [
        index
        for index, (source, target) in enumerate(
            zip(before.edges.source.array.tolist(), before.edges.target.array.tolist(), strict=True)
        )
        if (source in gone or target in gone) and source in place and target in place
    ]
    groups = _group_places(before, after)
    old = before.nodes
    ids = [f"removed/{old.id[node]}" for node in removed]
    graph = Graph(
        source=after.source,
        title=f"{before.title} → {after.title}",
        nodes=Nodes(
            id=(*after.nodes.id, *ids),
            op=_joined(after.nodes.op, old.op, removed),
            label=_joined(after.nodes.label, old.label, removed),
            kind=_joined(after.nodes.kind, old.kind, removed),
            detail=_joined(after.nodes.detail, old.detail, removed),
            module=_joined(after.nodes.module, old.module, removed),
            file=_joined(after.nodes.file, old.file, removed),
            line=Ints.of([*after.nodes.line.array.tolist(), *(old.line[node] for node in removed)]),
            group=Ints.of(
                [*after.nodes.group.array.tolist(), *(groups.get(old.group[node], NO_GROUP) for node in removed)]
            ),
            inputs=TextLists.of([*after.nodes.inputs, *(old.inputs[node] for node in removed)]),
            outputs=TextLists.of([*after.nodes.outputs, *(old.outputs[node] for node in removed)]),
            shape=_joined(after.nodes.shape, old.shape, removed),
            dtype=_joined(after.nodes.dtype, old.dtype, removed),
        ),
        edges=_with_edges(before, after, kept_edges, place),
        groups=after.groups,
    )
    return _in_program_order(graph, states, place, removed)


def _in_program_order(
    graph: Graph, states: list[str], place: dict[int, int], removed: list[int]
) -> tuple[Graph, list[str]]:
    """Put each removed node behind the node that it followed, so that edges run forward as far as they can."""
    count = len(states) - len(removed)
    last = -1.0
    keys = [float(index) for index in range(count)]
    for position, node in enumerate(removed):
        earlier = place.get(node - 1)
        if earlier is not None:
            last = earlier if earlier < count else last
        keys.append(last + 0.5 + position / (2 * len(removed) + 2))
    order = sorted(range(len(states)), key=keys.__getitem__)
    new_place = np.empty(len(order), np.int32)
    new_place[order] = np.arange(len(order), dtype=np.int32)
    nodes, edges = graph.nodes, graph.edges
    picked = {
        name: _picked(getattr(nodes, name), order)
        for name in ("op", "label", "kind", "detail", "module", "file", "shape", "dtype")
    }
    inputs, outputs = list(nodes.inputs), list(nodes.outputs)
    return (
        msgspec.structs.replace(
            graph,
            nodes=msgspec.structs.replace(
                nodes,
                id=tuple(nodes.id[index] for index in order),
                line=Ints.of(nodes.line.array[order]),
                group=Ints.of(nodes.group.array[order]),
                inputs=TextLists.of([inputs[index] for index in order]),
                outputs=TextLists.of([outputs[index] for index in order]),
                **picked,
            ),
            edges=msgspec.structs.replace(
                edges, source=Ints.of(new_place[edges.source.array]), target=Ints.of(new_place[edges.target.array])
            ),
        ),
        [states[index] for index in order],
    )


def _picked(column: Texts, order: list[int]) -> Texts:
    return Texts(column.table, Ints.of(column.codes.array[order]))


def _joined(column: Texts, old: Texts, chosen: list[int]) -> Texts:
    return Texts.of([*column, *(old[node] for node in chosen)])


def _with_edges(before: Graph, after: Graph, chosen: list[int], place: dict[int, int]) -> Edges:
    new, old = after.edges, before.edges
    return Edges(
        source=Ints.of([*new.source.array.tolist(), *(place[old.source[edge]] for edge in chosen)]),
        target=Ints.of([*new.target.array.tolist(), *(place[old.target[edge]] for edge in chosen)]),
        source_port=Ints.of([*new.source_port.array.tolist(), *(old.source_port[edge] for edge in chosen)]),
        target_port=Ints.of([*new.target_port.array.tolist(), *(old.target_port[edge] for edge in chosen)]),
        shape=_joined(new.shape, old.shape, chosen),
        dtype=_joined(new.dtype, old.dtype, chosen),
    )


def _group_places(before: Graph, after: Graph) -> dict[int, int]:
    """Return, for each group of the first graph, the group of the second with the same id, or that of its parent."""
    known = {identity: index for index, identity in enumerate(after.groups.id)}
    places = {NO_GROUP: NO_GROUP}
    for group, (identity, parent) in enumerate(zip(before.groups.id, before.groups.parent.array.tolist(), strict=True)):
        places[group] = known.get(identity, places[parent])
    return places
