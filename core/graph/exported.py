"""From a ``torch.export`` program to the neutral graph."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from ..exported import torch_export
from ..model_file.user_errors import is_users_file
from .builder import GraphBuilder
from .labels import ShapeOnly, detail_of, label_of
from .model import NO_GROUP, Graph, GroupKind, NodeKind, shape_text

_CONTROL = {"cond": GroupKind.IF, "while_loop": GroupKind.LOOP}
_PARAMETERS = ("PARAMETER", "BUFFER", "CONSTANT_TENSOR")


def graph_of_exported(file: Path, *, is_folded: bool = True, checkpoint: Callable[[], None] = lambda: None) -> Graph:
    """Return the graph of a ``.pt2`` file; loading one runs nothing of it.

    Args:
        is_folded: weights are no nodes of their own.
        checkpoint: called now and then; may raise Cancelled.
    """
    return _Walk(torch_export.load(file), GraphBuilder("torchscript", file.name), is_folded, checkpoint).finish()


class _Walk:
    def __init__(self, program: Any, builder: GraphBuilder, is_folded: bool, checkpoint: Callable[[], None]) -> None:
        self._program, self._builder, self._is_folded, self._checkpoint = program, builder, is_folded, checkpoint
        self._nodes: dict[Any, int] = {}
        self._held: dict[Any, str] = {}
        """Placeholder of a weight to its path in the model."""
        self._boxes: list[tuple[str, int]] = []
        self._graphs: dict[Any, Any] = {}
        """Node that stands for a branch or a body to its own graph."""
        self._inside = ("", NO_GROUP, "")
        """In a branch or a body: the module, the box and what ids begin with."""

    def finish(self) -> Graph:
        specs = {spec.arg.name: spec for spec in self._program.graph_signature.input_specs}
        for node in self._program.graph.nodes:
            match node.op:
                case "placeholder":
                    self._placeholder(node, specs.get(node.name))
                case "output":
                    self._outputs(node)
                case _:
                    self._step(node, self._program.graph_module)
        return self._builder.finish()

    def _step(self, node: Any, owner: Any) -> None:
        self._checkpoint()
        if node.op == "get_attr":
            self._held[node] = str(node.target)
            value = getattr(owner, str(node.target), None)
            if isinstance(value, torch.fx.GraphModule):
                self._graphs[node] = value
        elif node.op == "call_function":
            blocks = [one for one in node.args if isinstance(one, torch.fx.Node) and one in self._graphs]
            if len(blocks) == 2 and str(node.target) in _CONTROL:
                self._control(node, blocks, _CONTROL[str(node.target)])
            else:
                self._operation(node)

    def _control(self, node: Any, blocks: list[Any], kind: GroupKind) -> None:
        """Add a box with the two branches of a ``cond``, or the condition and the body of a ``while_loop``."""
        is_choice = kind == GroupKind.IF
        (file, line), (module, group) = _line_of(node), self._box(node)
        name = self._inside[2] + node.name
        box = self._builder.add_group(
            name, "if" if is_choice else "while", kind=kind, parent=group, module=module, file=file, line=line
        )

        def end(identity: str, op: str, label: str, sources: list[Any], outputs: tuple[str, ...]) -> int:
            shape, dtype = _type_of(node)
            made = self._builder.add_node(
                identity,
                op,
                label,
                kind=NodeKind.CONTROL,
                module=module,
                file=file,
                line=line,
                group=box,
                inputs=tuple(str(source) for source in sources),
                outputs=outputs,
                shape=shape if outputs else "",
                dtype=dtype if outputs else "",
            )
            self._connect(sources, made)
            return made

        given = [one for value in node.args if isinstance(value, list | tuple) for one in value]
        label, decisive = ("choose a branch", [node.args[0]]) if is_choice else ("each turn", given)
        head = end(f"{name}/head", str(node.target), label, decisive, ())
        ends: list[Any] = []
        for block, side in zip(blocks, ("then", "else") if is_choice else ("condition", "body"), strict=True):
            branch = self._builder.add_group(f"{name}/{side}", side, kind=GroupKind.BRANCH, parent=box, module=module)
            first = self._builder.node_count
            ends += self._block(
                self._graphs[block], given, None if is_choice else head, (module, branch, f"{name}/{side}/")
            )
            if is_choice and self._builder.node_count > first:
                self._builder.add_edge(head, first, target_port=-1)
        self._nodes[node] = end(name, "return", "either" if is_choice else "next turn, or done", ends, (node.name,))

    def _block(self, block: Any, given: list[Any], head: int | None, inside: tuple[str, int, str]) -> list[Any]:
        """Walk the graph of a branch or a body and return what it ends with; ``head`` gives what changes each turn."""
        before, self._inside = self._inside, inside
        ends: list[Any] = []
        sources = iter(given)
        for node in block.graph.nodes:
            if node.op == "placeholder":
                source = next(sources, None)
                if head is not None and source in self._nodes:
                    self._nodes[node] = head
                elif source in self._nodes:
                    self._nodes[node] = self._nodes[source]
                elif source in self._held:
                    self._held[node] = self._held[source]
            elif node.op == "output":
                found = node.args[0]
                ends = list(found) if isinstance(found, list | tuple) else [found]
            else:
                self._step(node, block)
        self._inside = before
        return ends

    def _placeholder(self, node: Any, spec: Any) -> None:
        is_weight = spec is not None and spec.kind.name in _PARAMETERS
        if is_weight and self._is_folded:
            self._held[node] = str(spec.target)
            return
        shape, dtype = _type_of(node)
        self._nodes[node] = self._builder.add_node(
            f"{'weight' if is_weight else 'input'}:{node.name}",
            "weight" if is_weight else "input",
            str(spec.target) if is_weight else node.name,
            kind=NodeKind.CONSTANT if is_weight else NodeKind.INPUT,
            outputs=(node.name,),
            shape=shape,
            dtype=dtype,
        )

    def _operation(self, node: Any) -> None:
        file, line = _line_of(node)
        module, group = self._box(node)
        constants = dict(self._constants(node))
        kind = str(getattr(node.target, "name", lambda: node.target.__name__)()).partition(".")[0]
        shape, dtype = _type_of(node)
        self._nodes[node] = made = self._builder.add_node(
            self._inside[2] + node.name,
            kind,
            label_of(kind, constants),
            detail=detail_of(constants),
            module=module,
            file=file,
            line=line,
            group=group,
            inputs=tuple(source.name for source in node.all_input_nodes if source in self._nodes),
            outputs=(node.name,),
            shape=shape,
            dtype=dtype,
        )
        self._connect(node.all_input_nodes, made)

    def _outputs(self, node: Any) -> None:
        for position, value in enumerate(node.args[0]):
            if not isinstance(value, torch.fx.Node):
                continue
            shape, dtype = _type_of(value)
            made = self._builder.add_node(
                f"output:{position}",
                "output",
                f"output {position}",
                kind=NodeKind.OUTPUT,
                inputs=(value.name,),
                shape=shape,
                dtype=dtype,
            )
            if value in self._nodes:
                self._builder.add_edge(self._nodes[value], made, shape=shape, dtype=dtype)

    def _connect(self, sources: list[Any], made: int) -> None:
        for port, source in enumerate(sources):
            if isinstance(source, torch.fx.Node) and source in self._nodes:
                shape, dtype = _type_of(source)
                self._builder.add_edge(self._nodes[source], made, target_port=port, shape=shape, dtype=dtype)

    def _constants(self, node: Any) -> Iterator[tuple[str, object]]:
        """Yield the arguments that are known: numbers as they are, weights by their sizes."""
        schema = getattr(node.target, "_schema", None)
        names = [argument.name for argument in schema.arguments] if schema is not None else []
        given = dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
        for name, value in given.items():
            if isinstance(value, torch.fx.Node):
                if value in self._held and isinstance(value.meta.get("val"), torch.Tensor):
                    yield name, ShapeOnly(int(size) for size in value.meta["val"].shape)
            elif not (isinstance(value, list | tuple) and any(isinstance(one, torch.fx.Node) for one in value)):
                yield name, list(value) if isinstance(value, list | tuple) else value

    def _box(self, node: Any) -> tuple[str, int]:
        """Return the node's submodule and its box; neighbours share one, so that boxes never form a circle."""
        if self._inside[1] != NO_GROUP:
            return self._inside[:2]
        stack = [str(row[0]) for row in (node.meta.get("nn_module_stack") or {}).values()]
        paths = [path for path in stack if path]
        shared = 0
        while shared < min(len(paths), len(self._boxes)) and self._boxes[shared][0] == paths[shared]:
            shared += 1
        del self._boxes[shared:]
        for path in paths[shared:]:
            parent = self._boxes[-1][1] if self._boxes else NO_GROUP
            name = path.rpartition(".")[2]
            box = self._builder.add_group(path, name, kind=GroupKind.MODULE, parent=parent, module=path)
            self._boxes.append((path, box))
        return (paths[-1] if paths else ""), (self._boxes[-1][1] if self._boxes else NO_GROUP)


def _line_of(node: Any) -> tuple[str, int]:
    from ..coreml.exported_places import frames_of

    own = [frame for frame in frames_of(node) if is_users_file(frame[0])]
    return own[-1] if own else ("", 0)


def _type_of(node: Any) -> tuple[str, str]:
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor):
        return "", ""
    sizes = tuple(size if isinstance(size, int) else str(size) for size in value.shape)
    return shape_text(sizes), str(value.dtype).removeprefix("torch.")
