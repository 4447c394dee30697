"""The graph of a ScriptModule or ScriptFunction."""

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import fail
from ...torchscript.recorded_inputs import RecordedCall
from ..builder import GraphBuilder
from ..model import NO_GROUP, Graph, GroupKind
from ..values import Submodule
from .calls import call_function, call_method
from .control import choose_branch, run_loop
from .folding import (
    fold_attribute,
    fold_building,
    fold_constant,
    fold_picking,
    fold_unpacking,
    note_attribute,
    pass_on,
    unwrap_number,
    wrap_number,
)
from .observed import Observed, Path
from .walk import Rule, Walk

_KINDS: tuple[tuple[Rule, str], ...] = (
    (fold_constant, "prim::Constant"),
    (fold_attribute, "prim::GetAttr"),
    (note_attribute, "prim::SetAttr"),
    (fold_building, "prim::ListConstruct prim::TupleConstruct prim::DictConstruct"),
    (fold_unpacking, "prim::TupleUnpack prim::ListUnpack"),
    (fold_picking, "prim::TupleIndex aten::__getitem__"),
    (pass_on, "prim::unchecked_cast prim::unchecked_unwrap_optional aten::_unwrap_optional prim::Uninitialized"),
    (wrap_number, "prim::NumToTensor"),
    (unwrap_number, "aten::Int aten::IntImplicit aten::FloatImplicit aten::ScalarImplicit"),
    (call_method, "prim::CallMethod"),
    (call_function, "prim::CallFunction"),
    (choose_branch, "prim::If"),
    (run_loop, "prim::Loop"),
)
_NONE_RECORDED: Mapping[str, RecordedCall] = {}
RULES: Mapping[str, Rule] = {kind: rule for rule, kinds in _KINDS for kind in kinds.split()}


def graph_of_module(
    module: Any,
    title: str,
    *,
    is_folded: bool = True,
    has_shapes: bool = True,
    calls: Mapping[str, RecordedCall] = _NONE_RECORDED,
    checkpoint: Callable[[], None] = lambda: None,
) -> Graph:
    """Return the graph of a ScriptModule, or of a ScriptFunction.

    Args:
        module: in memory or from ``torch.jit.load``, or torch's own object in it; it is read and not changed.
        is_folded: constants, list building and attribute access are no nodes of their own.
        has_shapes: shapes that the graph lacks are found from those of its inputs, as far as those are known; the
            first time in a process, torch needs most of a second to get ready for that.
        calls: what each method is called with, as far as that is known, for shapes that the graph itself lacks.
        checkpoint: called now and then; may raise Cancelled.

    Raises:
        ExportDeskError: ``graph.no-method`` where there is nothing to show, ``graph.too-large``.
    """
    walk = Walk(
        GraphBuilder("torchscript", title),
        RULES,
        is_folded=is_folded,
        has_shapes=has_shapes,
        observed={},
        checkpoint=checkpoint,
    )
    _walk_module(walk, module, title, calls)
    return walk.builder.finish()


def graph_of_run(
    module: Any,
    title: str,
    observed: Observed,
    calls: Mapping[str, RecordedCall],
    checkpoint: Callable[[], None],
) -> tuple[Graph, dict[str, Path]]:
    """Return the folded graph of a module with the shapes of a real run, and the operation behind each node by its id.

    Args:
        module: torch's own object, from another loading of the same file than the one that ran.
    """
    walk = Walk(
        GraphBuilder("torchscript", title),
        RULES,
        is_folded=True,
        has_shapes=True,
        observed=observed,
        checkpoint=checkpoint,
    )
    _walk_module(walk, module, title, calls)
    graph = walk.builder.finish()
    return graph, {graph.nodes.id[node]: path for node, path in walk.paths.items()}


def _walk_module(walk: Walk, module: Any, title: str, calls: Mapping[str, RecordedCall]) -> None:
    if not hasattr(module, "_c") and hasattr(module, "graph"):  # a ScriptFunction
        walk.entry(module.graph, None, "", NO_GROUP, calls.get("forward"))
        return
    handle = getattr(module, "_c", module)
    methods = [name for name in handle._method_names() if not name.startswith("__")]
    if not methods:
        fail(
            "graph.no-method",
            f"{title} holds a module without a method that could be called, so there is nothing to draw.",
            hint="Trace or script the model itself, and save that.",
        )
    for name in ["forward"] if "forward" in methods else methods:
        group = NO_GROUP
        if len(methods) > 1 and "forward" not in methods:
            group = walk.builder.add_group(name, name, kind=GroupKind.METHOD)
        prefix = f"{name}/" if group >= 0 else ""
        walk.entry(handle._get_method(name).graph, Submodule("", handle), prefix, group, calls.get(name))
