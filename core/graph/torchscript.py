"""From TorchScript to the neutral graph: one box for each call of a module, for each if and for each loop."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import torch

from .builder import GraphBuilder
from .labels import ShapeOnly, detail_of, label_of
from .model import NO_GROUP, Graph, GroupKind, NodeKind, shape_text
from .places import NOWHERE, Place, source_text, users_place
from .shapes import DTYPES, ShapeRun, described, empty, example_of
from .values import UNKNOWN, Bundle, Constant, Submodule, Value, Wire, as_constant, computed, name_in_port, wires_in

_LISTS = {"prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct"}
_UNPACKS = {"prim::TupleUnpack", "prim::ListUnpack"}
_PASSED_ON = {
    "prim::unchecked_cast",
    "prim::unchecked_unwrap_optional",
    "aten::_unwrap_optional",
    "prim::Uninitialized",
}
_NUMBERS = {"aten::Int", "aten::IntImplicit", "aten::FloatImplicit", "aten::ScalarImplicit"}
_LIST_CHANGES = {
    "aten::append", "aten::extend", "aten::insert", "aten::pop", "aten::clear", "aten::remove", "aten::_set_item",
    "aten::reverse", "aten::sort", "aten::Delete",
}  # fmt: skip
_VIEWS = {
    "aten::view", "aten::select", "aten::slice", "aten::transpose", "aten::permute", "aten::unsqueeze", "aten::squeeze",
    "aten::expand", "aten::narrow", "aten::diagonal", "aten::t", "aten::flatten", "aten::detach", "aten::alias",
}  # fmt: skip
_MANGLED = re.compile(r"___torch_mangle_\d+\.")


def graph_of_module(
    module: Any,
    title: str,
    *,
    is_folded: bool = True,
    has_shapes: bool = True,
    checkpoint: Callable[[], None] = lambda: None,
) -> Graph:
    """Return the graph of a ScriptModule, or of a ScriptFunction.

    Args:
        module: in memory or from ``torch.jit.load``; it is read and not changed.
        is_folded: constants, list building and attribute access are no nodes of their own.
        has_shapes: shapes that the graph lacks are found from those of its inputs, as far as those are known; the
            first time in a process, torch needs more than a second to get ready for that.
        checkpoint: called now and then; may raise Cancelled.

    Raises:
        ExportDeskError: ``graph.no-method`` where there is nothing to show, ``graph.too-large``.
    """
    walk = _Walk(GraphBuilder("torchscript", title), is_folded, has_shapes, checkpoint)
    if not hasattr(module, "_c") and hasattr(module, "graph"):  # a ScriptFunction
        walk.entry(module.graph, None, "", NO_GROUP)
        return walk.builder.finish()
    handle = getattr(module, "_c", module)
    methods = [name for name in handle._method_names() if not name.startswith("__")]
    for name in ["forward"] if "forward" in methods else methods:
        group = NO_GROUP
        if len(methods) > 1 and "forward" not in methods:
            group = walk.builder.add_group(name, name, kind=GroupKind.METHOD)
        walk.entry(handle._get_method(name).graph, Submodule("", handle), f"{name}/" if group >= 0 else "", group)
    return walk.builder.finish()


class _Scope:
    """Where the walk is: the module, the box, the call that led here, and the names seen in this graph."""

    __slots__ = ("base_of", "group", "module", "mutated", "names", "place", "prefix")

    def __init__(self, prefix: str, module: str, group: int, place: Place) -> None:
        self.prefix, self.module, self.group, self.place = prefix, module, group, place
        self.names: dict[int, Value] = {}
        self.base_of: dict[int, int] = {}
        self.mutated: dict[int, bool] = {}

    def inside(self, group: int) -> "_Scope":
        """Return the scope of a block of this graph: the same names, another box."""
        scope = _Scope(self.prefix, self.module, group, self.place)
        scope.names, scope.base_of, scope.mutated = self.names, self.base_of, self.mutated
        return scope


class _Walk:
    """One pass over the graphs of a module and of all that it calls."""

    def __init__(
        self, builder: GraphBuilder, is_folded: bool, has_shapes: bool, checkpoint: Callable[[], None]
    ) -> None:
        self.builder, self._is_folded, self._checkpoint = builder, is_folded, checkpoint
        self._has_shapes = has_shapes
        self._argument_names: dict[str, tuple[str, ...]] = {}
        self._shapes = ShapeRun()
        self._special: dict[str, Callable[[Any, _Scope, list[Value]], list[Value] | None]] = {
            "prim::Constant": self._constant,
            "prim::GetAttr": self._attribute,
            "prim::CallMethod": self._call_method,
            "prim::CallFunction": self._call_function,
            "prim::If": self._if,
            "prim::Loop": self._loop,
            "prim::NumToTensor": self._number,
            **dict.fromkeys(_LISTS, self._build),
            **dict.fromkeys(_UNPACKS, self._unpack),
            **dict.fromkeys(("prim::TupleIndex", "aten::__getitem__"), self._pick),
            **dict.fromkeys(_PASSED_ON, self._pass_on),
            **dict.fromkeys(_NUMBERS, self._unwrap_number),
        }

    def entry(self, graph: Any, module: Submodule | None, prefix: str, group: int) -> None:
        """Walk a graph that is called from outside: its inputs and outputs become nodes."""
        arguments: list[Value] = []
        scope = _Scope(prefix, "", group, NOWHERE)
        for position, value in enumerate(graph.inputs()):
            if position == 0 and module is not None:
                arguments.append(module)
                continue
            name = re.sub(r"\.\d+$", "", value.debugName())
            end = self._end(scope, "input", name, *_type_of(value))
            arguments.append(dataclasses.replace(end, example=self._example_of_type(value)))
        results = self._walk(graph, scope, arguments)
        leaves = [leaf for result in results for leaf in _leaves(result, "")]
        for path, leaf in leaves:
            name = "output" + (path if len(leaves) > 1 else "")
            shape, dtype = (leaf.shape, leaf.dtype) if isinstance(leaf, (Wire, Constant)) else ("", "")
            end = self._end(scope, "output", name, shape, dtype, leaf)
            self._connect(end.node, [leaf])

    def _end(self, scope: _Scope, op: str, name: str, shape: str, dtype: str, value: Value | None = None) -> Wire:
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

    def _walk(self, graph: Any, scope: _Scope, arguments: list[Value]) -> list[Value]:
        for value, argument in zip(graph.inputs(), arguments, strict=True):
            scope.names[value.unique()] = argument
        self._nodes(graph.nodes(), scope)
        return [scope.names[value.unique()] for value in graph.outputs()]

    def _nodes(self, nodes: Any, scope: _Scope) -> None:
        names = scope.names
        for node in nodes:
            operands = [names[node.inputsAt(index).unique()] for index in range(node.inputsSize())]
            special = self._special.get(node.kind())
            results = special(node, scope, operands) if special is not None else None
            if results is None:
                results = self._operation(node, scope, operands)
            for index, result in enumerate(results):
                names[node.outputsAt(index).unique()] = result

    # Operations

    def _operation(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value]:
        op = node.kind()
        if self._is_folded and node.outputsSize() == 1:
            known = computed(op, operands)
            if known is not None:
                return [known]
        if self.builder.node_count % 512 == 0:
            self._checkpoint()
        constants = self._named_constants(node, operands)
        examples = self._shapes.outputs(op, node.schema(), operands, node.outputsSize())
        results = self._add(
            node, scope, op, label_of(op, constants), operands, detail=detail_of(constants), examples=examples
        )
        self._follow_mutation(node, op, scope, results)
        return results

    def _add(
        self,
        node: Any,
        scope: _Scope,
        op: str,
        label: str,
        operands: list[Value],
        *,
        kind: NodeKind = NodeKind.OPERATION,
        detail: str = "",
        outputs: list[Any] | None = None,
        examples: list[Any] | None = None,
    ) -> list[Value]:
        values = [node.outputsAt(index) for index in range(node.outputsSize())] if outputs is None else outputs
        known = [self._example_of_type(value) for value in values]
        if examples is not None:
            known = [own if own is not UNKNOWN else seen for own, seen in zip(known, examples, strict=True)]
        types = [_type_of(value, example) for value, example in zip(values, known, strict=True)]
        names = tuple(value.debugName() for value in values)
        file, line = self._place(node, scope)
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
            inputs=tuple(map(name_in_port, operands)),
            outputs=names,
            shape=types[0][0] if types else "",
            dtype=types[0][1] if types else "",
        )
        self._connect(index, operands)
        return [Wire(index, port, name, *types[port], example=known[port]) for port, name in enumerate(names)]

    def _example_of_type(self, value: Any) -> Any:
        kind = value.type()
        if not self._has_shapes or kind.kind() != "TensorType":
            return UNKNOWN
        sizes = kind.sizes()
        return UNKNOWN if sizes is None or None in sizes else empty(tuple(sizes), kind.dtype())

    def _connect(self, target: int, operands: list[Value]) -> None:
        for port, operand in enumerate(operands):
            for wire in wires_in(operand):
                self.builder.add_edge(
                    wire.node, target, source_port=wire.port, target_port=port, shape=wire.shape, dtype=wire.dtype
                )

    def _place(self, node: Any, scope: _Scope) -> Place:
        place = users_place(_range(node))
        return scope.place if place == NOWHERE else place

    def _named_constants(self, node: Any, operands: list[Value]) -> dict[str, object]:
        names = self._names_of_arguments(node)
        constants = {}
        for position, operand in enumerate(operands):
            is_known, value = as_constant(operand)
            if is_known:
                constants[names[position] if position < len(names) else f"#{position}"] = value
            elif isinstance(operand, Bundle) and not operand.keys:
                parts = [as_constant(item) for item in operand.items]
                if any(is_part for is_part, _ in parts):
                    shown = [value if is_part else "?" for is_part, value in parts]
                    constants[names[position] if position < len(names) else f"#{position}"] = shown
        return constants

    def _names_of_arguments(self, node: Any) -> tuple[str, ...]:
        schema = node.schema()
        if schema not in self._argument_names:
            inside = schema.partition("(")[2].rpartition("->")[0].rstrip().removesuffix(")")
            parts = re.split(r", (?![^\[(]*[\])])", inside)
            self._argument_names[schema] = tuple(
                part.partition("=")[0].rpartition(" ")[2] for part in parts if part and part != "*"
            )
        return self._argument_names[schema]

    def _follow_mutation(self, node: Any, op: str, scope: _Scope, results: list[Value]) -> None:
        """Later readers of what an operation changed in place depend on that operation."""
        if not node.inputsSize():
            return
        first = node.inputsAt(0).unique()
        if op in _VIEWS and results:
            scope.base_of[node.outputsAt(0).unique()] = first
        changes_tensor = op.endswith("_") and not op.endswith("__") and op.startswith("aten::")
        if not (changes_tensor or op in _LIST_CHANGES):
            return
        last = next((result for result in results if isinstance(result, Wire)), None)
        changed: int | None = first
        while changed is not None:
            old = scope.names.get(changed)
            index = last.node if last is not None else self.builder.node_count - 1
            if isinstance(old, Wire):
                scope.names[changed] = dataclasses.replace(old, node=index, port=0)
            changed = scope.base_of.get(changed)

    # What folds away

    def _constant(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        output = node.output()
        if output.type().kind() == "FunctionType":
            return [Constant(_Function(node), node.s("name") if node.hasAttribute("name") else "function")]
        value = output.toIValue()
        if not self._is_folded:
            return self._add(node, scope, node.kind(), _short(value), [], kind=NodeKind.CONSTANT)
        return [_constant_of(value)]

    def _attribute(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        owner, name = operands[0], node.s("name")
        if not isinstance(owner, Submodule) or not owner.handle.hasattr(name):
            return None
        value = owner.handle.getattr(name)
        path = f"{owner.path}.{name}" if owner.path else name
        if isinstance(value, (torch._C.ScriptModule, torch.jit.ScriptModule)):
            return [Submodule(path, getattr(value, "_c", value))]
        if not self._is_folded:
            return self._add(node, scope, node.kind(), f"{name} {_short(value)}".strip(), [], kind=NodeKind.CONSTANT)
        return [_constant_of(value, path)]

    def _build(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        if not self._is_folded or any(isinstance(operand, Submodule) for operand in operands):
            return None
        output = node.output()
        if any(use.user.kind() in _LIST_CHANGES for use in output.uses()):
            return None
        if node.kind() != "prim::DictConstruct":
            return [Bundle(tuple(operands))]
        keys = [as_constant(key) for key in operands[::2]]
        if not all(is_known for is_known, _ in keys):
            return None
        return [Bundle(tuple(operands[1::2]), tuple(key for _, key in keys))]

    def _unpack(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        whole = operands[0]
        if isinstance(whole, Bundle) and len(whole.items) == node.outputsSize():
            return list(whole.items)
        if isinstance(whole, Constant) and isinstance(whole.value, (list, tuple)):
            if len(whole.value) == node.outputsSize():
                return [_constant_of(item) for item in whole.value]
            return None
        if self._is_folded and isinstance(whole, Wire):
            # The parts of one output: they stay that output, so that unpacking is no step between two operations.
            outputs = [node.outputsAt(index) for index in range(node.outputsSize())]
            return [Wire(whole.node, whole.port, output.debugName(), *_type_of(output)) for output in outputs]
        return None

    def _pick(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        whole, (is_known, index) = operands[0], as_constant(operands[1])
        if not is_known:
            return None
        if isinstance(whole, Bundle) and whole.keys:
            return [whole.items[whole.keys.index(index)]] if index in whole.keys else None
        if isinstance(whole, Bundle) and isinstance(index, int) and -len(whole.items) <= index < len(whole.items):
            return [whole.items[index]]
        return None

    def _pass_on(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        if not operands:
            return [Constant(None)]
        return [operands[0]] if self._is_folded else None

    def _number(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        source = operands[0]
        if not self._is_folded:
            return None
        if isinstance(source, Wire):
            return [dataclasses.replace(source, is_number=True)]
        return [source] if isinstance(source, Constant) else None

    def _unwrap_number(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        source = operands[0]
        is_wrapped = isinstance(source, Wire) and source.is_number
        is_known = isinstance(source, Constant) and isinstance(source.value, (int, float))
        return [source] if self._is_folded and (is_wrapped or is_known) else None

    # Calls

    def _call_method(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        module, method = operands[0], node.s("name")
        if not isinstance(module, Submodule) or not module.handle._has_method(method):
            return None
        file, line = self._place(node, scope)
        name = module.path.rpartition(".")[2] or "model"
        is_forward = re.fullmatch(r"forward\d*", method) is not None
        is_own = module.path == scope.module
        title = f"{name} · {_class_name(module.handle)}"
        group = self.builder.add_group(
            (module.path or "model") + ("" if is_forward else f".{method}"),
            title if is_forward else f"{method}()" if is_own else f"{title}.{method}()",
            kind=GroupKind.FUNCTION if is_own else GroupKind.MODULE,
            parent=scope.group,
            module=module.path,
            file=file,
            line=line,
        )
        inner = _Scope(f"{self.builder.group_id(group)}/", module.path, group, (file, line))
        return self._walk(module.handle._get_method(method).graph, inner, operands)

    def _call_function(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        function = operands[0]
        if not (isinstance(function, Constant) and isinstance(function.value, _Function)):
            return None
        body, arguments = function.value.body_of_call(node, operands)
        file, line = self._place(node, scope)
        group = self.builder.add_group(
            f"{scope.prefix}{function.name}",
            f"{function.name}()",
            kind=GroupKind.FUNCTION,
            parent=scope.group,
            module=scope.module,
            file=file,
            line=line,
        )
        inner = _Scope(f"{self.builder.group_id(group)}/", scope.module, group, (file, line))
        return self._walk(body, inner, arguments)

    # Control flow

    def _if(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        blocks = list(node.blocks())
        is_known, condition = as_constant(operands[0])
        if self._is_folded and is_known:
            # The file has both sides and only ever runs this one.
            taken = blocks[0] if condition else blocks[1]
            self._nodes(taken.nodes(), scope)
            return [scope.names[value.unique()] for value in taken.outputs()]
        text = source_text(_range(node)).rstrip(":")
        text = text if text.startswith(("if", "elif")) else "if"
        box = self._box(node, scope, GroupKind.IF, text)
        inside = scope.inside(box)
        self._add(node, inside, node.kind(), "choose a branch", operands[:1], kind=NodeKind.CONTROL, outputs=[])
        head_index = self.builder.node_count - 1
        sides = []
        for block, name in zip(blocks, ("then", "else"), strict=True):
            branch = self.builder.add_group(
                f"{self.builder.group_id(box)}/{name}",
                name,
                kind=GroupKind.BRANCH,
                parent=box,
                module=scope.module,
            )
            first = self.builder.node_count
            inner = scope.inside(branch)
            self._nodes(block.nodes(), inner)
            sides.append([self._shown(value, inner, self._place(node, scope)) for value in block.outputs()])
            if self.builder.node_count > first:
                self.builder.add_edge(head_index, first, target_port=-1)
        if not node.outputsSize():
            return []
        merged: list[Value] = [Bundle(pair) for pair in zip(*sides, strict=True)]
        examples = [_agreed(example_of(one), example_of(other)) for one, other in zip(*sides, strict=True)]
        control = NodeKind.CONTROL
        return self._add(node, inside, "prim::Return", "either", merged, kind=control, examples=examples)

    def _loop(self, node: Any, scope: _Scope, operands: list[Value]) -> list[Value] | None:
        block = next(iter(node.blocks()))
        is_fixed, turns = as_constant(operands[0])
        text = source_text(_range(node)).rstrip(":")
        if not text.startswith(("for", "while")):
            text = f"loop, {turns} turns" if is_fixed and isinstance(turns, int) and turns < 2**31 else "loop"
        box = self._box(node, scope, GroupKind.LOOP, text)
        inner = scope.inside(box)
        parameters = list(block.inputs())
        # The shapes of the first turn; where they grow from turn to turn, the end of the loop tells.
        firsts = [UNKNOWN, *(example_of(operand) for operand in operands[2:])]
        starts = self._add(
            node, inner, node.kind(), "each turn", operands, kind=NodeKind.CONTROL, outputs=parameters, examples=firsts
        )
        for parameter, start, operand in zip(parameters[1:], starts[1:], operands[2:], strict=True):
            is_module = isinstance(operand, Submodule)
            scope.names[parameter.unique()] = operand if is_module else start
        scope.names[parameters[0].unique()] = starts[0]
        self._nodes(block.nodes(), inner)
        if not node.outputsSize():
            return []
        ends = [scope.names[value.unique()] for value in block.outputs()]
        examples = [_agreed(example_of(end), first) for end, first in zip(ends[1:], firsts[1:], strict=True)]
        label = "next turn, or done"
        return self._add(node, inner, "prim::Return", label, ends, kind=NodeKind.CONTROL, examples=examples)

    def _box(self, node: Any, scope: _Scope, kind: GroupKind, label: str) -> int:
        file, line = self._place(node, scope)
        return self.builder.add_group(
            f"{scope.prefix}{kind.value}",
            label,
            kind=kind,
            parent=scope.group,
            module=scope.module,
            file=file,
            line=line,
        )

    def _shown(self, value: Any, scope: _Scope, place: Place) -> Value:
        """Return what a branch returns; a constant gets a node, so that a branch that only chooses one can be seen."""
        result = scope.names[value.unique()]
        if not isinstance(result, Constant):
            return result
        written = users_place(_range(value.node()))
        file, line = place if written == NOWHERE else written
        node = self.builder.add_node(
            f"{scope.prefix}{value.debugName()}",
            "prim::Constant",
            _short(result.value),
            kind=NodeKind.CONSTANT,
            module=scope.module,
            file=file,
            line=line,
            group=scope.group,
            outputs=(value.debugName(),),
        )
        return Wire(node, 0, value.debugName(), result.shape, result.dtype)


class _Function:
    """A function that a graph calls; torch hides its graph, so a graph of one call is made and torch inlines it."""

    def __init__(self, node: Any) -> None:
        self._constant = node

    def body_of_call(self, call: Any, operands: list[Value]) -> tuple[Any, list[Value]]:
        """Return the inlined graph of this call and the values of its inputs.

        Constants go into the graph, so that sides of an ``if`` that this call cannot take are removed.
        """
        body: Any = torch._C.Graph()
        copies: dict[int, Any] = {}
        arguments: list[Value] = []

        def copy_of(value: Any) -> Any:
            if value.unique() not in copies:
                if value.node().kind() == "prim::Constant":
                    copies[value.unique()] = body.insertNode(body.createClone(value.node(), lambda old: old)).output()
                else:
                    copies[value.unique()] = body.addInput()
                    copies[value.unique()].setType(value.type())
                    arguments.append(by_name[value.unique()])
            return copies[value.unique()]

        by_name = {call.inputsAt(index).unique(): operands[index] for index in range(call.inputsSize())}
        clone = body.insertNode(body.createClone(call, copy_of))
        for index in range(clone.outputsSize()):
            body.registerOutput(clone.outputsAt(index))
        torch._C._jit_pass_inline(body)
        torch._C._jit_pass_constant_propagation(body)
        torch._C._jit_pass_dce(body)
        return body, arguments


def _leaves(value: Value, path: str) -> list[tuple[str, Value]]:
    if not isinstance(value, Bundle):
        return [(path, value)]
    keys = value.keys or range(len(value.items))
    return [leaf for key, item in zip(keys, value.items, strict=True) for leaf in _leaves(item, f"{path}[{key!r}]")]


def _constant_of(value: Any, name: str = "") -> Value:
    if isinstance(value, torch.Tensor):
        sizes = tuple(value.shape)
        dtype = DTYPES.get(value.dtype, "")
        if not name and not sizes and value.device.type == "cpu" and not value.is_quantized:
            return Constant(value.item(), name, "()", dtype)
        return Constant(ShapeOnly(sizes), name, shape_text(sizes), dtype)
    return Constant(value, name)


def _short(value: Any) -> str:
    constant = _constant_of(value)
    return name_in_port(constant) or '""'


def _type_of(value: Any, example: Any = UNKNOWN) -> tuple[str, str]:
    """Return shape and type of a value: those that the graph has, then those of its stand-in."""
    kind = value.type()
    name = kind.kind()
    if name != "TensorType":
        return "", _PLAIN_TYPES.get(name, "")
    sizes, dtype = kind.sizes(), kind.dtype()
    shape, seen = described(example)
    return shape_text(None if sizes is None else tuple(sizes)) or shape, DTYPES.get(dtype, "") or seen


def _agreed(one: Any, other: Any) -> Any:
    """Return the stand-in that both sides have in common."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one if one.shape == other.shape and one.dtype == other.dtype else UNKNOWN
    return UNKNOWN


_PLAIN_TYPES = {"IntType": "int", "FloatType": "float", "BoolType": "bool", "StringType": "str", "NumberType": "number"}


def _class_name(handle: Any) -> str:
    return _MANGLED.sub("", str(handle.qualified_name)).rpartition(".")[2]


def _range(node: Any) -> str:
    """Return the source range of a node as text; empty where the file's record of it is damaged."""
    try:
        return str(node.sourceRange())
    except (RuntimeError, MemoryError):  # a length that was flipped is read as memory to be had
        return ""
