"""The model compared with itself, before a trace is blamed: random, counting, or giving NaN, and where that begins."""

import warnings
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import torch

from ..inputs.nested import flatten
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference
from ..torchscript.torch_jit import trace
from .calls import SeenCall, recorded_calls
from .probes import Probe
from .running import Outcome, Subject, outputs_differ
from .state import changed_state, seed_all, state_kept, state_of


@dataclass(frozen=True, kw_only=True)
class Nature:
    """How the model behaves when it is run again on one input."""

    is_random: bool = False
    """Whether another seed gives another output."""
    is_repeatable: bool = True
    """Whether equal seeds and equal state give equal outputs; otherwise nothing can be compared."""
    begins_at: str | None = None
    """Submodule whose output is the first to differ although its inputs are equal."""
    changes: tuple[str, ...] = ()
    """Buffers and attributes (paths) that a run changes."""
    changing_buffers: tuple[str, ...] = ()
    nan_at: str | None = None
    """Submodule that is the first to give NaN or infinity without having been given any."""
    reason: str = ""
    graphs: tuple[str, str] | None = None
    """Where two traces of one input begin to differ: submodule, and what differs; None where they do not."""


def nature_of(subject: Subject, example: Probe, first: Outcome) -> Nature:
    """Run the model once more on the example with other seeds, and again where that differs from ``first``."""
    root = subject.loaded.module
    if first.problem is not None:
        return Nature()
    before = {} if root is None else state_of(root)
    with state_kept(root):
        other = subject.run(example, seed=example.seed + 12345, keeps_state=False)
        changes = () if root is None else tuple(changed_state(root, before))
    is_random, is_repeatable, reason = False, True, ""
    if other.problem is not None or outputs_differ(other.output, first.output, 1e-6) is not None:
        again = subject.run(example)
        reason = again.problem or outputs_differ(again.output, first.output, 1e-6) or ""
        is_random, is_repeatable = not reason, not reason
    begins_at = None
    if (is_random or not is_repeatable) and root is not None:
        begins_at = _first_difference(subject, example, example.seed + 12345 if is_random else example.seed)
    names = set() if root is None else {name for name, _ in root.named_buffers()}
    return Nature(
        is_random=is_random,
        is_repeatable=is_repeatable,
        begins_at=begins_at,
        changes=changes,
        changing_buffers=tuple(name for name in changes if name in names),
        nan_at=_first_nan(subject, example) if root is not None and _has_nan(first.output) else None,
        reason=reason,
        graphs=_graph_difference(subject, example) if changes or is_random or not is_repeatable else None,
    )


def _first_difference(subject: Subject, example: Probe, seed: int) -> str | None:
    """Return the first submodule to end with another output than before, on equal inputs; ``""`` for the model."""
    one, other = _calls(subject, example, example.seed), _calls(subject, example, seed)
    for (path, call), (other_path, other_call) in zip(one, other, strict=False):
        if path != other_path:
            return None
        if outputs_differ(other_call.output, call.output, 1e-6) is None:
            continue
        inputs = [call.arguments.positional, call.arguments.keyword]
        other_inputs = [other_call.arguments.positional, other_call.arguments.keyword]
        if outputs_differ(other_inputs, inputs, 1e-6) is None:
            return path
    return ""


def _graph_difference(subject: Subject, example: Probe) -> tuple[str, str] | None:
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
                traced: Any = trace(root, example_inputs=inputs, check_trace=False, strict=False)
            except Exception:
                # What cannot be traced is told where the trace itself is tried.
                return None
            nodes = [(node.kind(), node.scopeName(), node.sourceRange()) for node in traced.inlined_graph.nodes()]
            rows.append([node for node in nodes if not node[0].startswith("prim::")])
    for one, other in zip_longest(*rows):
        if one != other:
            _, scope, place = one or other
            line = place.strip().splitlines()[-1].rpartition("/")[2] if place.strip() else ""
            what = f"{one[0] if one else 'nothing'} and then {other[0] if other else 'nothing'}"
            return scope.rpartition("__module.")[
                2
            ] if "__module." in scope else "", f"{what} ({line})" if line else what
    return None


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
