"""One pass over the graphs of a module and of all that it calls; what is special of a kind of node is in ``rules``."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...torchscript.recorded_inputs import RecordedCall
from ..builder import GraphBuilder
from ..labels import detail_of, label_of
from ..model import NodeKind
from ..places import NOWHERE, Place, users_place
from ..shapes import ShapeRun, empty, example_of, example_of_input
from ..values import UNKNOWN, Bundle, Constant, Submodule, Value, Wire, as_constant, computed, name_in_port, wires_in
from .observed import Observed, Path
from .values_of_torch import own_label, range_of, type_of

LIST_CHANGES = {
    "aten::append", "aten::extend", "aten::insert", "aten::pop", "aten::clear", "aten::remove", "aten::_set_item",
    "aten::reverse", "aten::sort", "aten::Delete",
}  # fmt: skip
_OBJECT_CHANGES = {"prim::CallMethod", "prim::SetAttr"}
"""What a method does to its object is not looked into, where that is no module."""
_VIEWS = {
    "aten::view", "aten::select", "aten::slice", "aten::transpose", "aten::permute", "aten::unsqueeze", "aten::squeeze",
    "aten::expand", "aten::narrow", "aten::diagonal", "aten::t", "aten::flatten", "aten::detach", "aten::alias",
}  # fmt: skip

Rule = Callable[["Walk", Any, "Scope", list[Value]], list[Value] | None]
"""What a kind of node becomes: the values of its outputs; None where it is an operation like any other."""


class Scope:
    """Where the walk is: the module, the box, the call that led here, and the names seen in this graph."""

    __slots__ = ("base_of", "group", "module", "mutated", "names", "path", "place", "prefix")

    def __init__(self, prefix: str, module: str, group: int, place: Place, path: Path = ()) -> None:
        self.prefix, self.module, self.group, self.place, self.path = prefix, module, group, place, path
        self.names: dict[int, Value] = {}
        self.base_of: dict[int, int] = {}
        self.mutated: dict[int, bool] = {}

    def inside(self, group: int) -> "Scope":
        """Return the scope of a block of this graph: the same names, another box."""
        scope = Scope(self.prefix, self.module, group, self.place, self.path)
        scope.names, scope.base_of, scope.mutated = self.names, self.base_of, self.mutated
        return scope


class Walk:
    """Adds nodes, edges and groups to a builder.

    Args:
        rules: kind of node to what it becomes.
        is_folded: constants, list building and attribute access are no nodes of their own.
        has_shapes: shapes that the graph lacks are found by doing each operation on stand-ins.
        observed: what a run showed of the values; it counts more than stand-ins.
        checkpoint: called now and then; may raise Cancelled.
    """

    def __init__(
        self,
        builder: GraphBuilder,
        rules: Mapping[str, Rule],
        *,
        is_folded: bool,
        has_shapes: bool,
        observed: Observed,
        checkpoint: Callable[[], None],
    ) -> None:
        self.builder, self.is_folded, self._rules, self._checkpoint = builder, is_folded, rules, checkpoint
        self._shapes = ShapeRun() if has_shapes else None
        self._argument_names: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, Place] = {}
        self._ranges: dict[Any, str] = {}
        self.written: dict[str, Wire] = {}
        """Path of an attribute to what was written into it last: later readers depend on that."""
        self.attributes: set[str] = set()
        """Paths of the attributes that were read."""
        self._observed = observed
        self.paths: dict[int, Path] = {}
        """Of the nodes that stand for an operation with outputs, where something was observed."""

    def entry(self, graph: Any, module: Submodule | None, prefix: str, group: int, call: RecordedCall | None) -> None:
        """Walk a graph that is called from outside: its inputs and outputs become nodes.

        Args:
            call: what the graph is called with, where that is known.
        """
        arguments: list[Value] = []
        given = dict[str | int, Any]()
        if call is not None and self._shapes is not None:
            given = {position: example_of_input(item) for position, item in enumerate(call.positional)}
            given |= {item.name: example_of_input(item) for item in call.keyword}
        scope = Scope(prefix, "", group, NOWHERE)
        for position, value in enumerate(graph.inputs()):
            if position == 0 and module is not None:
                arguments.append(module)
                continue
            name = re.sub(r"\.\d+$", "", value.debugName())
            example = self._example_of_type(value)
            if example is UNKNOWN:
                place = position if module is None else position - 1
                example = given.get(name, given.get(place, UNKNOWN))
            end = self._end(scope, "input", name, *type_of(value, example))
            arguments.append(dataclasses.replace(end, example=example))
        results = self.graph(graph, scope, arguments)
        leaves = [leaf for result in results for leaf in _leaves(result, "")]
        for path, leaf in leaves:
            name = "output" + (path if len(leaves) > 1 else "")
            shape, dtype = (leaf.shape, leaf.dtype) if isinstance(leaf, (Wire, Constant)) else ("", "")
            end = self._end(scope, "output", name, shape, dtype, leaf)
            self._connect(end.node, [leaf])

    def _end(self, scope: Scope, op: str, name: str, shape: str, dtype: str, value: Value | None = None) -> Wire:
        node = self.builder.add_node(
            f"{scope.prefix}{op}:{name}",
            op,
            name,
            kind=NodeKind.INPUT if op == "input" else NodeKind.OUTPUT,
            group=scope.group,
            inputs=() if value is None else (name_in_port(value),),
            outputs=(name,) if op == "input" else (),
            shape=shape,
            dtype=dtype,
        )
        return Wire(node, 0, name, shape, dtype)

    def graph(self, graph: Any, scope: Scope, arguments: list[Value]) -> list[Value]:
        """Walk a graph with these values as its inputs; returns those of its outputs."""
        for value, argument in zip(graph.inputs(), arguments, strict=True):
            scope.names[value.unique()] = argument
        self.nodes(graph.nodes(), scope)
        return [scope.names[value.unique()] for value in graph.outputs()]

    def nodes(self, nodes: Iterable[Any], scope: Scope) -> None:
        """Walk the nodes of a graph or block; their outputs get names in the scope."""
        names, rules = scope.names, self._rules
        for node in nodes:
            # One by one: torch's iterators over inputs and outputs take several times as long.
            operands = [names[node.inputsAt(index).unique()] for index in range(node.inputsSize())]
            rule = rules.get(node.kind())
            results = rule(self, node, scope, operands) if rule is not None else None
            if results is None:
                results = self._operation(node, scope, operands)
            for index, result in enumerate(results):
                names[node.outputsAt(index).unique()] = result

    # Operations

    def _operation(self, node: Any, scope: Scope, operands: list[Value]) -> list[Value]:
        op = node.kind()
        if self.is_folded and node.outputsSize() == 1:
            known = computed(op, operands)
            if known is not None:
                return [known]
        if self.builder.node_count % 512 == 0:
            self._checkpoint()
        schema = node.schema()
        constants = self._named_constants(schema, operands)
        examples = None
        if self._shapes is not None:
            examples = self._shapes.outputs(op, schema, operands, node.outputsSize())
        label = own_label(node) or label_of(op, constants)
        results = self.add(node, scope, op, label, operands, detail=detail_of(constants), examples=examples)
        self._follow_mutation(node, op, scope, results)
        return results

    def add(
        self,
        node: Any,
        scope: Scope,
        op: str,
        label: str,
        operands: list[Value],
        *,
        kind: NodeKind = NodeKind.OPERATION,
        detail: str = "",
        outputs: list[Any] | None = None,
        examples: list[Any] | None = None,
    ) -> list[Value]:
        """Add a node of the picture for a node of torch; returns its outputs.

        Args:
            outputs: torch's values that come out, where they are not the node's own.
            examples: stand-ins for the outputs, used where torch has no shapes.
        """
        values = [node.outputsAt(index) for index in range(node.outputsSize())] if outputs is None else outputs
        known = [self._example_of_type(value) for value in values]
        if examples is not None:
            known = [own if own is not UNKNOWN else seen for own, seen in zip(known, examples, strict=True)]
        types = [type_of(value, example) for value, example in zip(values, known, strict=True)]
        names = tuple([value.debugName() for value in values])
        if self._observed and names and kind == NodeKind.OPERATION:
            path = (*scope.path, names[0])
            self.paths[self.builder.node_count] = path
            seen = self._observed.get(path, {})
            known = [seen.get(port, example) for port, example in enumerate(known)]
            types = [type_of(value, example) for value, example in zip(values, known, strict=True)]
        file, line = self.place(node, scope)
        index = self.builder.add_node(
            scope.prefix + (names[0] if names else op),
            op,
            label,
            kind=kind,
            detail=detail,
            module=scope.module,
            file=file,
            line=line,
            group=scope.group,
            inputs=tuple([name_in_port(operand) for operand in operands]),
            outputs=names,
            shape=types[0][0] if types else "",
            dtype=types[0][1] if types else "",
        )
        self._connect(index, operands)
        return [Wire(index, port, name, *types[port], example=known[port]) for port, name in enumerate(names)]

    def _example_of_type(self, value: Any) -> Any:
        if self._shapes is None:
            return UNKNOWN
        kind = value.type()
        if kind.kind() != "TensorType":
            return UNKNOWN
        sizes = kind.sizes()
        return UNKNOWN if sizes is None or None in sizes else empty(tuple(sizes), kind.dtype())

    def _connect(self, target: int, operands: list[Value]) -> None:
        for port, operand in enumerate(operands):
            for wire in wires_in(operand):
                self.builder.add_edge(
                    wire.node, target, source_port=wire.port, target_port=port, shape=wire.shape, dtype=wire.dtype
                )

    def range_of(self, node: Any) -> str:
        """Return the source range of a node as text; that of an ``if`` holds its whole body, and is asked for often."""
        if node not in self._ranges:
            source_range = range_of(node)
            if next(iter(node.blocks()), None) is None:
                return source_range
            self._ranges[node] = source_range
        return self._ranges[node]

    def place(self, node: Any, scope: Scope) -> Place:
        """Return where the user wrote a node: in the graph's own source, or else where the graph was called."""
        source_range = self.range_of(node)
        place = self._places.get(source_range)
        if place is None:
            place = self._places[source_range] = users_place(source_range)
        return scope.place if place == NOWHERE else place

    def _named_constants(self, schema: str, operands: list[Value]) -> dict[str, object]:
        names = self._names_of_arguments(schema)
        constants: dict[str, object] = {}
        for position, operand in enumerate(operands):
            if isinstance(operand, Wire):
                continue
            is_known, value = as_constant(operand)
            if is_known:
                constants[names[position] if position < len(names) else f"#{position}"] = value
            elif isinstance(operand, Bundle) and not operand.keys:
                parts = [as_constant(item) for item in operand.items]
                if any(is_part for is_part, _ in parts):
                    shown = [value if is_part else "?" for is_part, value in parts]
                    constants[names[position] if position < len(names) else f"#{position}"] = shown
        return constants

    def _names_of_arguments(self, schema: str) -> tuple[str, ...]:
        if schema not in self._argument_names:
            inside = schema.partition("(")[2].rpartition("->")[0].rstrip().removesuffix(")")
            parts = re.split(r", (?![^\[(]*[\])])", inside)
            self._argument_names[schema] = tuple(
                part.partition("=")[0].rpartition(" ")[2] for part in parts if part and part != "*"
            )
        return self._argument_names[schema]

    def _follow_mutation(self, node: Any, op: str, scope: Scope, results: list[Value]) -> None:
        """Later readers of what an operation changed in place depend on that operation."""
        is_view = op in _VIEWS and bool(results)
        changes_tensor = op.endswith("_") and not op.endswith("__") and op.startswith("aten::")
        changes = changes_tensor or op in LIST_CHANGES or op in _OBJECT_CHANGES
        if not (is_view or changes) or not node.inputsSize():
            return
        first = node.inputsAt(0).unique()
        if is_view:
            scope.base_of[node.outputsAt(0).unique()] = first
        if not changes:
            return
        last = next((result for result in results if isinstance(result, Wire)), None)
        changed: int | None = first
        while changed is not None:
            old = scope.names.get(changed)
            index = last.node if last is not None else self.builder.node_count - 1
            if isinstance(old, Constant) and old.name:
                old = Wire(index, 0, old.name, old.shape, old.dtype, example=example_of(old))
            if isinstance(old, Wire):
                scope.names[changed] = new = dataclasses.replace(old, node=index, port=0)
                if old.name in self.attributes:
                    self.written[old.name] = new
            changed = scope.base_of.get(changed)


def _leaves(value: Value, path: str) -> list[tuple[str, Value]]:
    if not isinstance(value, Bundle):
        return [(path, value)]
    keys = value.keys or range(len(value.items))
    return [leaf for key, item in zip(keys, value.items, strict=True) for leaf in _leaves(item, f"{path}[{key!r}]")]
