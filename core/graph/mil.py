"""From a Core ML program to the neutral graph; reads what is stored and runs nothing."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..mil.package import Package
from ..mil.program import (
    BlobReference,
    Block,
    Function,
    ListType,
    Named,
    Operation,
    StateType,
    TensorType,
    Value,
    ValueType,
)
from .builder import GraphBuilder
from .labels import ShapeOnly, detail_of, label_of, value_text
from .model import NO_GROUP, Graph, GroupKind, NodeKind, shape_text

_DTYPES = {"fp16": "float16", "fp32": "float32", "fp64": "float64", "bf16": "bfloat16"}
_CONTROL = {"cond": GroupKind.IF, "while_loop": GroupKind.LOOP}


def graph_of_package(
    package: Package, title: str, *, is_folded: bool = True, checkpoint: Callable[[], None] = lambda: None
) -> Graph:
    """Return the graph of a package; each function is a box where there are several.

    Args:
        is_folded: constants are no nodes of their own.
        checkpoint: called now and then; may raise Cancelled.
    """
    walk = _Walk(GraphBuilder("mil", title), is_folded, checkpoint)
    functions = package.program.functions
    for name, function in functions.items():
        group = NO_GROUP
        if len(functions) > 1:
            group = walk.builder.add_group(name, name, kind=GroupKind.METHOD)
        walk.function(function, group, f"{name}/" if group >= 0 else "")
    return walk.builder.finish()


class _Walk:
    def __init__(self, builder: GraphBuilder, is_folded: bool, checkpoint: Callable[[], None]) -> None:
        self.builder, self._is_folded, self._checkpoint = builder, is_folded, checkpoint
        self._nodes: dict[str, tuple[int, int, str, str]] = {}
        """Value name to its node, port, shape and dtype."""
        self._constants: dict[str, object] = {}
        self._prefix = ""

    def function(self, function: Function, group: int, prefix: str) -> None:
        self._prefix = prefix
        self._nodes, self._constants = {}, {}
        for value in function.inputs:
            shape, dtype = _type_of(value.type)
            node = self.builder.add_node(
                f"{prefix}input:{value.name}",
                "input",
                value.name,
                kind=NodeKind.INPUT,
                group=group,
                outputs=(value.name,),
                shape=shape,
                dtype="state" if isinstance(value.type, StateType) else dtype,
            )
            self._nodes[value.name] = (node, 0, shape, dtype)
        self._block(function.body, group, "")
        for name in function.body.outputs:
            _, _, shape, dtype = self._nodes.get(name, (0, 0, "", ""))
            node = self.builder.add_node(
                f"{prefix}output:{name}",
                "output",
                name,
                kind=NodeKind.OUTPUT,
                group=group,
                inputs=(name,),
                shape=shape,
                dtype=dtype,
            )
            self._connect(node, [[name]])

    def _block(self, block: Block, group: int, module: str) -> None:
        """Walk operations; neighbours of one submodule share a box, so that boxes never form a circle."""
        runs = itertools.groupby(block.operations, key=lambda one: module if one.module is None else one.module)
        boxes: list[tuple[str, int]] = []
        for path, operations in runs:
            chosen = list(operations)
            if path and path != module and any(one.type != "const" for one in chosen):
                inner = self._box_of(path, boxes, group, module)
            else:
                inner = group
                if any(one.type != "const" for one in chosen):
                    boxes.clear()
            for operation in chosen:
                self._operation(operation, inner, path)

    def _box_of(self, path: str, boxes: list[tuple[str, int]], group: int, module: str) -> int:
        """Return the box of a submodule; ``boxes`` are those still open, outermost first."""
        parts = path.split(".")
        skipped = len(module.split(".")) if module and path.startswith(f"{module}.") else 0
        paths = [".".join(parts[: count + 1]) for count in range(skipped, len(parts))]
        shared = 0
        while shared < min(len(paths), len(boxes)) and boxes[shared][0] == paths[shared]:
            shared += 1
        del boxes[shared:]
        for inner in paths[shared:]:
            outer = boxes[-1][1] if boxes else group
            name = inner.rpartition(".")[2]
            boxes.append(
                (inner, self.builder.add_group(inner, name, kind=GroupKind.MODULE, parent=outer, module=inner))
            )
        return boxes[-1][1]

    def _operation(self, operation: Operation, group: int, module: str) -> None:
        if self.builder.node_count % 512 == 0:
            self._checkpoint()
        if operation.type == "const" and self._is_folded:
            value = operation.attributes.get("val")
            for output in operation.outputs:
                self._constants[output.name] = _constant(value) if value is not None else _shape_only(output.type)
        elif operation.blocks:
            self._control(operation, group, module)
        else:
            constants = self._constants_of(operation)
            kind = NodeKind.CONSTANT if operation.type == "const" or self._is_weight(operation) else NodeKind.OPERATION
            label = label_of(operation.type, constants)
            if kind == NodeKind.CONSTANT:
                label = _shown(operation, constants)
            self._add(operation, group, module, label, kind, constants)

    def _is_weight(self, operation: Operation) -> bool:
        """Compressed weights are unpacked by operations that read nothing but constants."""
        return operation.type.startswith("constexpr_")

    def _add(
        self,
        operation: Operation,
        group: int,
        module: str,
        label: str,
        kind: NodeKind,
        constants: dict[str, object],
        *,
        outputs: tuple[Named, ...] | None = None,
        inputs: list[list[str]] | None = None,
    ) -> int:
        values = operation.outputs if outputs is None else outputs
        types = [_type_of(value.type) for value in values]
        given = (
            [[b for b in bound if isinstance(b, str)] for bound in operation.inputs.values()]
            if inputs is None
            else inputs
        )
        node = self.builder.add_node(
            self._prefix + (values[0].name if values else operation.type),
            operation.type,
            label,
            kind=kind,
            detail=detail_of(constants),
            module=module,
            file=operation.file or "",
            line=operation.line or 0,
            group=group,
            inputs=tuple(self._port_name(names) for names in given),
            outputs=tuple(value.name for value in values),
            shape=types[0][0] if types else "",
            dtype=types[0][1] if types else "",
        )
        self._connect(node, given)
        for port, (value, (shape, dtype)) in enumerate(zip(values, types, strict=True)):
            self._nodes[value.name] = (node, port, shape, dtype)
        return node

    def _control(self, operation: Operation, group: int, module: str) -> None:
        kind = _CONTROL.get(operation.type, GroupKind.LOOP)
        text = "if" if kind == GroupKind.IF else "while" if operation.type == "while_loop" else operation.type
        name = operation.outputs[0].name if operation.outputs else operation.type
        box = self.builder.add_group(
            f"{self._prefix}{name}",
            f"{text} · {name}",
            kind=kind,
            parent=group,
            module=module,
            file=operation.file or "",
            line=operation.line or 0,
        )
        parameters = operation.blocks[0].inputs if kind == GroupKind.LOOP else ()
        title = "choose a branch" if kind == GroupKind.IF else "each turn"
        head = self._add(operation, box, module, title, NodeKind.CONTROL, {}, outputs=tuple(parameters))
        ends: list[list[str]] = [[] for _ in operation.outputs]
        names = ("then", "else") if kind == GroupKind.IF else ("condition", "body")
        for index, block in enumerate(operation.blocks):
            for parameter, first in zip(block.inputs, parameters, strict=False):
                self._nodes[parameter.name] = self._nodes[first.name]
            side = self.builder.add_group(
                f"{self._prefix}{name}/{names[index] if index < len(names) else index}",
                names[index] if index < len(names) else f"part {index + 1}",
                kind=GroupKind.BRANCH,
                parent=box,
                module=module,
            )
            before = self.builder.node_count
            self._block(block, side, module)
            self._show_constants(operation, block, side, module)
            if kind == GroupKind.IF and self.builder.node_count > before:
                self.builder.add_edge(head, before, target_port=-1)
            is_body = kind == GroupKind.IF or index > 0
            returned = block.outputs if is_body else ()
            for end, value in zip(ends, returned, strict=False):
                end.append(value)
            if kind == GroupKind.LOOP and not is_body:
                conditions = list(block.outputs)
        label = "either" if kind == GroupKind.IF else "next turn, or done"
        if kind == GroupKind.LOOP and len(operation.blocks) > 1:
            ends.append(conditions)
        tail = dataclasses.replace(operation, type="return", inputs={}, blocks=())
        self._add(tail, box, module, label, NodeKind.CONTROL, {}, inputs=ends)

    def _show_constants(self, owner: Operation, block: Block, group: int, module: str) -> None:
        """A branch that only chooses a constant shows it."""
        for name in block.outputs:
            if name in self._constants and name not in self._nodes:
                node = self.builder.add_node(
                    f"{self._prefix}{name}",
                    "const",
                    value_text(self._constants[name]),
                    kind=NodeKind.CONSTANT,
                    module=module,
                    file=owner.file or "",
                    line=owner.line or 0,
                    group=group,
                    outputs=(name,),
                )
                self._nodes[name] = (node, 0, "", "")

    def _constants_of(self, operation: Operation) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, bound in operation.inputs.items():
            values = [self._constants.get(one) if isinstance(one, str) else _constant(one) for one in bound]
            if any(value is not None for value in values):
                found[name] = values[0] if len(values) == 1 else ["?" if value is None else value for value in values]
        if operation.type == "const" or operation.type.startswith("constexpr_"):
            found |= {name: _constant(value) for name, value in operation.attributes.items() if name != "name"}
        return found

    def _port_name(self, names: list[str]) -> str:
        shown = [
            value_text(self._constants[name]) if name in self._constants and name not in self._nodes else name
            for name in names
        ]
        return shown[0] if len(shown) == 1 else "[" + ", ".join(shown[:8]) + "]"

    def _connect(self, target: int, inputs: list[list[str]]) -> None:
        for port, names in enumerate(inputs):
            for name in names:
                if name in self._nodes:
                    node, source_port, shape, dtype = self._nodes[name]
                    self.builder.add_edge(
                        node, target, source_port=source_port, target_port=port, shape=shape, dtype=dtype
                    )


def _shown(operation: Operation, constants: dict[str, object]) -> str:
    value = constants.get("val")
    name = operation.outputs[0].name if operation.outputs else operation.type
    if value is None or isinstance(value, ShapeOnly):
        return name
    return value_text(value)


def _type_of(kind: ValueType) -> tuple[str, str]:
    match kind:
        case TensorType():
            sizes = tuple("?" if size is None else size for size in kind.shape)
            return shape_text(sizes), _DTYPES.get(kind.dtype, kind.dtype)
        case StateType():
            return _type_of(kind.wrapped)
        case ListType():
            return "", "list"
        case _:
            return "", ""


def _shape_only(kind: ValueType) -> object:
    if isinstance(kind, TensorType):
        return ShapeOnly(size or 0 for size in kind.shape)
    return None


def _constant(value: Value) -> object:
    """Return a constant as Python knows it; a large array, or one in the weight file, by its sizes."""
    data: Any = value.data
    if isinstance(data, BlobReference):
        return _shape_only(value.type)
    if isinstance(data, np.ndarray):
        if data.size > 16 or data.ndim > 1:
            return ShapeOnly(data.shape)
        return data.tolist() if data.ndim else data.item()
    return data
