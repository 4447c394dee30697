"""What ``check_trace`` of ``torch.jit.trace`` looks for: a second trace that differs, or numbers other than eager's.

What torch compares is compared here (torch/jit/_trace.py, torch 2.13), in less time. Torch always traces again, and
runs both traces through its optimiser. Here the model is run twice, which costs a fifth of a trace; where both runs ask
the same of torch, and give what the trace gives, a second trace has nothing to tell. It is made where they do not, and
for further inputs to check with. The trace is kept where its check fails, and what differs is a place, not text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch

from ..coreml.locating import all_nodes, locate, source_line
from ..diagnostics import Diagnostic, Severity
from ..inputs.nested import copy_tensors, flatten
from .kept_state import KeptState, inference, state_kept
from .repeated_run import logged
from .torch_jit import Compiled, canonical_graph, inline_calls, without_optimiser

_ATOL = {torch.float64: 1e-7, torch.complex128: 1e-7}
"""As ``torch.testing.assert_close`` has it; for other floating types, 1e-5."""

Row = Mapping[str, tuple[Any, ...]]
"""Inputs of each method that is traced, ``forward`` for a function."""


def check_trace(
    target: Any,
    traced: Compiled,
    rows: Sequence[Row],
    before: KeptState,
    retrace: Callable[[Row], Compiled],
    path: str,
    tolerance: float,
) -> Iterator[Diagnostic]:
    """Run or trace again on each row and compare; yield what differs, at most one graph and one output.

    Args:
        target: the module or function that was traced, called as its trace is.
        before: the state of the target as it was for the trace.
        path: of the module in the model.
        tolerance: relative, as ``check_tolerance`` of ``torch.jit.trace``.

    Raises:
        Exception: what ``retrace`` raises.
    """
    if len(rows) == 1 and _repeats(target, traced, rows[0], before, tolerance):
        return
    graphs = {name: canonical_graph(traced, name) for name in rows[0]}
    yield from _first(
        _graph_difference(graphs[name], canonical_graph(again, name), traced, path)
        for again in map(retrace, rows)
        for name in graphs
    )
    for name in graphs:
        inline_calls(traced, name)
    yield from _first(
        _run_difference(target, traced, name, inputs, path, tolerance) for row in rows for name, inputs in row.items()
    )


def _repeats(target: Any, traced: Any, row: Row, before: KeptState, tolerance: float) -> bool:
    """Whether two runs of the model, one after the other, ask the same of torch and give the numbers of its trace."""
    before.restore()
    try:
        runs = [
            logged(lambda: {name: _outputs(_method(target, name), inputs) for name, inputs in row.items()})
            for _ in range(2)
        ]
    except Exception:
        return False  # some code objects to being watched; the second trace tells what is wrong, if anything is
    (calls, first), (again, second) = runs
    if calls != again:
        # What the model keeps stays: the second trace must find it, as the second run did.
        return False
    for name, inputs in row.items():
        inline_calls(traced, name)
        before.restore()
        try:
            with without_optimiser():
                actual = _outputs(_method(traced, name), inputs)
        except RuntimeError:
            return False
        if any(_unlike(actual, expected[name], tolerance) for expected in (first, second)):
            return False
    before.restore()
    return True


def _method(target: Any, name: str) -> Any:
    return target if name == "forward" else getattr(target, name)


def _outputs(run: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    with inference():
        return copy_tensors(run(*copy_tensors(inputs)))


def _unlike(actual: Any, expected: Any, tolerance: float) -> list[str]:
    """Return the paths of the outputs that differ."""
    pairs = zip(flatten(actual), flatten(expected), strict=False)
    return [name or "the output" for (name, one), (_, other) in pairs if not _is_close(one, other, tolerance)]


def _first(found: Iterable[list[Diagnostic]]) -> list[Diagnostic]:
    return next((diagnostics for diagnostics in found if diagnostics), [])


def _graph_difference(one: Any, other: Any, traced: Compiled, path: str) -> list[Diagnostic]:
    if _text(one) == _text(other):
        pairs = zip(_constants(one), _constants(other), strict=True)
        node = next((node for node, again in pairs if not _is_same_constant(node, again)), None)
        if node is None:
            return []
        what = "A tensor that is a constant of the graph has other values in a second trace"
    else:
        nodes, others = list(all_nodes(one)), list(all_nodes(other))
        pairs = zip(nodes, others, strict=False)
        node = next((node for node, again in pairs if _text(node) != _text(again)), None)
        node = node or next(iter(nodes[len(others) :]), None)
        what = "A second trace, of the example or of a check input, has another graph"
    place = None if node is None else locate(node, traced if isinstance(traced, torch.nn.Module) else None)
    inner = ".".join(part for part in (path, place.module or "") if part) if place else path
    return [
        Diagnostic(
            code="trace.not-repeatable",
            severity=Severity.WARNING,
            message=f"{what}.",
            module=inner,
            file=place.file if place else None,
            line=place.line if place else None,
            source=source_line(place) if place else None,
            hint="The model is random, counts its calls, keeps something from the last one, or takes another way with "
            "other inputs. The checks on probes show whether the exported file can be trusted.",
            original=None if node is None else str(node).strip()[:2000],
        )
    ]


def _run_difference(
    target: Any, traced: Any, name: str, inputs: tuple[Any, ...], path: str, tolerance: float
) -> list[Diagnostic]:
    # Buffers are shared: what the one run counts must not be seen by the other.
    roots = [root for root in (target, traced) if isinstance(root, torch.nn.Module)]
    try:
        with state_kept(*roots), without_optimiser():
            actual = _outputs(_method(traced, name), inputs)
    except RuntimeError as error:
        return [
            _differs(f"The trace itself does not run on a check input: {str(error).strip().splitlines()[-1]}", path)
        ]
    with state_kept(*roots):
        expected = _outputs(_method(target, name), inputs)
    unlike = _unlike(actual, expected, tolerance)
    if not unlike:
        return []
    found = [_differs(f"A run of the trace gave other numbers than the model itself, in {unlike[0]}.", path)]
    drawing = [node for node in traced.graph.nodes() if node.isNondeterministic()]
    return [*found, _random(drawing[0], path)] if drawing else found


def _differs(message: str, path: str) -> Diagnostic:
    return Diagnostic(
        code="trace.outputs-differ",
        severity=Severity.WARNING,
        message=message,
        module=path,
        hint="The model is random (dropout in train mode?), or the trace froze a value. Run `exportdesk advise`.",
    )


def _random(node: Any, path: str) -> Diagnostic:
    place = locate(node, None)
    return Diagnostic(
        code="trace.random",
        severity=Severity.WARNING,
        message="The model draws random numbers, so no two runs are equal.",
        module=path,
        file=place.file,
        line=place.line,
        source=source_line(place),
        hint="Set the mode to eval if this is dropout; otherwise expect that outputs cannot be compared.",
        original=str(node).strip(),
    )


def _text(graph_or_node: Any) -> str:
    return re.sub(r"___torch_mangle_[0-9]+\.", "", str(graph_or_node))


def _constants(graph: Any) -> list[Any]:
    return list(graph.findAllNodes("prim::Constant", True))


def _is_same_constant(node: Any, again: Any) -> bool:
    if not node.hasAttribute("value") or node.kindOf("value") != "t":
        return True
    return _is_close(node.t("value"), again.t("value"), 1.3e-6)


def _is_close(one: torch.Tensor, other: torch.Tensor, tolerance: float) -> bool:
    if one.shape != other.shape:
        return False
    one, other = (tensor.dequantize() if tensor.is_quantized else tensor.to_dense() for tensor in (one, other))
    exact = torch.complex128 if one.is_complex() or other.is_complex() else torch.float64
    margin = _ATOL.get(other.dtype, 1e-5) if other.is_floating_point() or other.is_complex() else 0.0
    alike = torch.isclose(
        one.detach().cpu().to(exact), other.detach().cpu().to(exact), rtol=tolerance, atol=margin, equal_nan=True
    )
    return bool(alike.all())
