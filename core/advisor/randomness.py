"""The model compared with itself, before a trace is blamed: random, counting, or giving NaN, and where that begins."""

import re
import warnings
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import torch

from ..inputs.nested import flatten
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference
from ..torchscript.torch_jit import trace
from .calls import SeenCall, recorded_calls
from .causes import Cause, cause_of, first_draw
from .probes import Probe
from .recorder import is_users
from .running import Outcome, Subject, outputs_differ
from .state import changed_state, seed_all, state_kept, state_of
from .tree import common_parent


@dataclass(frozen=True, kw_only=True)
class GraphDifference:
    """Where two traces of one input begin to differ."""

    module: str
    text: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Nature:
    """How the model behaves when it is run again on one input."""

    is_random: bool = False
    """Whether another seed gives another output."""
    is_repeatable: bool = True
    """Whether equal seeds and equal state give equal outputs; otherwise nothing can be compared."""
    begins_at: str | None = None
    """Submodule whose output is the first to differ although its inputs are equal."""
    cause: Cause | None = None
    """What in that submodule's code does it, where reading or watching it shows that."""
    changes: tuple[str, ...] = ()
    """Buffers and attributes (paths) that a run changes."""
    changing_buffers: tuple[str, ...] = ()
    nan_at: str | None = None
    """Submodule that is the first to give NaN or infinity without having been given any."""
    reason: str = ""
    graphs: GraphDifference | None = None
    """None where two traces give one graph."""


def nature_of(subject: Subject, example: Probe, first: Outcome) -> Nature:
    """Run the model once more on the example with other seeds, and again where that differs from ``first``."""
    root = subject.loaded.module
    if first.problem is not None:
        return Nature()
    before = {} if root is None else state_of(root)
    with state_kept(root):
        other = subject.run(example, seed=example.seed + 12345, keeps_state=False)
        changes = () if root is None else tuple(changed_state(root, before))
    is_random, reason = False, ""
    if (differs := _unlike(other, first)) is not None:
        again = subject.run(example, watches_draws=True)
        reason = _unlike(again, first) or ("" if again.is_random else differs)
        is_random = not reason
    return _described(
        subject,
        example,
        Nature(
            is_random=is_random,
            is_repeatable=not reason,
            changes=changes,
            changing_buffers=tuple(name for name in changes if name in ({} if root is None else _buffers(root))),
            nan_at=_first_nan(subject, example) if root is not None and _has_nan(first.output) else None,
            reason=reason,
        ),
    )


def repeated_later(subject: Subject, example: Probe, first: Outcome, nature: Nature) -> Nature:
    """Run the example again after many other runs: what counts outside of the model may show only then."""
    if first.problem is not None or not nature.is_repeatable:
        return nature
    reason = _unlike(subject.run(example), first)
    if reason is None:
        return nature
    return _described(subject, example, replace(nature, is_random=False, is_repeatable=False, reason=reason))


def _described(subject: Subject, example: Probe, nature: Nature) -> Nature:
    """Add where it begins, why, and how two traces differ."""
    if subject.loaded.module is None:
        cause = None if nature.is_repeatable else cause_of(subject.loaded.callable(example.method))
        return replace(nature, cause=cause)
    begins_at, cause = None, None
    if nature.is_random:
        begins_at = _first_difference(subject, example, example.seed + 12345)
        draws = first_draw(subject, example)
        cause = draws[1] if draws is not None else None
        begins_at = begins_at or (draws[0] if draws is not None else begins_at)
    elif not nature.is_repeatable:
        begins_at = _first_difference(subject, example, example.seed)
    if begins_at is not None and cause is None:
        cause = cause_of(subject.loaded.module.get_submodule(begins_at).forward)
    is_steady = nature.is_repeatable and not nature.is_random and not nature.changes
    graphs = None if is_steady else _graph_difference(subject, example)
    return replace(nature, begins_at=begins_at, cause=cause, graphs=graphs)


def _unlike(one: Outcome, other: Outcome) -> str | None:
    return one.problem or outputs_differ(one.output, other.output, 1e-6)


def _buffers(root: torch.nn.Module) -> dict[str, torch.Tensor]:
    return dict(root.named_buffers())


def _first_difference(subject: Subject, example: Probe, seed: int) -> str | None:
    """Return the first submodule to end with another output than before, on equal inputs; ``""`` for the model.

    Where other submodules are called than before, it is the one that calls them.
    """
    root = subject.loaded.module
    assert root is not None
    one = _calls(subject, example, example.seed)
    # A counter that turns every second run would be back where it was after two.
    for other in (_calls(subject, example, seed), _calls(subject, example, seed)):
        for (path, call), (other_path, other_call) in zip(one, other, strict=False):
            if path != other_path:
                return common_parent(root, path, other_path)
            if outputs_differ(other_call.output, call.output, 1e-6) is None:
                continue
            inputs = [call.arguments.positional, call.arguments.keyword]
            other_inputs = [other_call.arguments.positional, other_call.arguments.keyword]
            if outputs_differ(other_inputs, inputs, 1e-6) is None:
                return path
    return ""


def _graph_difference(subject: Subject, example: Probe) -> GraphDifference | None:
    """Trace twice, one after the other with the state that the first trace left; compare the graphs node by node."""
    root = subject.loaded.module
    if root is None or example.arguments.keyword or example.method != "forward":
        return None
    rows: list[list[tuple[str, str, str]]] = []
    with state_kept(root), inference(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in (example.seed, example.seed + 12345):
            seed_all(seed)
            try:
                inputs = fresh(example.arguments).positional
                traced: Any = trace(root, inputs, strict=False)
            except Exception:
                # What cannot be traced is told where the trace itself is tried.
                return None
            nodes = [
                (node.kind(), _module_of(node.scopeName()), node.sourceRange()) for node in traced.inlined_graph.nodes()
            ]
            rows.append([node for node in nodes if not node[0].startswith("prim::")])
    for one, other in zip_longest(*rows):
        if one != other:
            paths = [node[1] for node in (one, other) if node]
            module = paths[0] if len(set(paths)) == 1 else common_parent(root, paths[0], paths[-1])
            said = [f"{node[0]} in {node[1] or 'the model'}" if node else "nothing" for node in (one, other)]
            file, line = users_place((one or other)[2])
            return GraphDifference(
                module=module, text=f"{said[0]} in one, {said[1]} in the other", file=file, line=line
            )
    return None


def _module_of(scope: str) -> str:
    return scope.rpartition("__module.")[2] if "__module." in scope else ""


def users_place(source_range: str) -> tuple[str | None, int | None]:
    """Return the innermost place of the user's code in a source range of torch, which has a frame on each line."""
    for frame in source_range.splitlines():
        found = _FRAME.search(frame.strip())
        if found is not None and is_users(found[1]):
            return found[1], int(found[2])
    return None, None


_FRAME = re.compile(r"^(.+)\((\d+)\)")


def _first_nan(subject: Subject, example: Probe) -> str | None:
    for path, call in _calls(subject, example, example.seed):
        if _has_nan(call.output) and not _has_nan([call.arguments.positional, call.arguments.keyword]):
            return path
    return ""


def _calls(subject: Subject, example: Probe, seed: int) -> list[tuple[str, SeenCall]]:
    root = subject.loaded.module
    assert root is not None
    order: list[tuple[str, SeenCall]] = []
    with recorded_calls(root, lambda path, call: order.append((path, call))):
        subject.run(example, seed=seed)
    return order


def _has_nan(value: Any) -> bool:
    return any(
        tensor.is_floating_point() and tensor.numel() > 0 and not bool(torch.isfinite(tensor).all())
        for _, tensor in flatten(value)
    )
