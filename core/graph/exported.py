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

    def finish(self) -> Graph:
        specs = {spec.arg.name: spec for spec in self._program.graph_signature.input_specs}
        for node in self._program.graph.nodes:
            self._checkpoint()
            match node.op:
                case "placeholder":
                    self._placeholder(node, specs.get(node.name))
                case "get_attr":
                    self._held[node] = str(node.target)
                case "call_function":
                    self._operation(node)
                case "output":
                    self._outputs(node)
        return self._builder.finish()

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
            node.name,
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
        self._connect(node, made)

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

    def _connect(self, node: Any, made: int) -> None:
        for port, source in enumerate(node.all_input_nodes):
            if source in self._nodes:
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
