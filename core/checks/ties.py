"""Whole numbers and truth values that rounding decides: arg-max and top-k of near ties, comparisons at the border."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..diagnostics import Diagnostic, Severity
from ..inputs.nested import flatten
from ..mil.program import Block, Operation, Value, walk
from .package_runs import PackageRuns

_NEAR = 4.0
"""How many times what rounding moves the values they may be apart."""
_HALF_STEP = 2.0**-11
_CHOOSING = ("reduce_argmax", "reduce_argmin", "topk", "argsort")
_COMPARING = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
_MOVING = ("cast", "identity", "squeeze", "expand_dims", "reshape")


@dataclass(frozen=True)
class Ties:
    """Outputs in which the places that rounding decides are as in the model."""

    outputs: list[torch.Tensor]
    diagnostic: Diagnostic
    words: str


def explain_ties(runs: PackageRuns, precision: str, probe: int, actual: list[torch.Tensor]) -> Ties | None:
    """Return the outputs with near ties settled the model's way; None where no difference is a near tie.

    Only places at which the two candidates are nearer to each other than rounding are settled.
    """
    wanted = flatten(runs.expected[probe].output)
    body = runs.model(precision).body
    if len(wanted) != len(actual) or len(body.outputs) != len(actual):
        return None
    makers = {named.name: operation for operation in walk(body) for named in operation.outputs}
    settled, found = list(actual), None
    values: dict[str, dict[str, np.ndarray[Any, Any]]] | None = None
    for place, ((path, want), got) in enumerate(zip(wanted, actual, strict=True)):
        if want.is_floating_point() or want.is_complex() or got.shape != want.shape:
            continue
        differing = got.to(want.dtype) != want.cpu()
        operation = _decider(makers, body.outputs[place])
        if not bool(differing.any()) or operation is None:
            continue
        values = values or {kind: _all_inputs(runs, kind, probe, body, makers) for kind in ("float32", precision)}
        near = _near(operation, want.cpu(), got, values, precision)
        if near is None or not bool((differing & near).any()):
            continue
        settled[place] = torch.where(near, want.cpu(), got.to(want.dtype))
        count = int((differing & near).sum())
        found = _diagnostic(operation, path, count, want.numel(), runs.expected[probe].description)
    if found is None:
        return None
    return Ties(settled, found, f"{found.message[:1].lower()}{found.message[1:].rstrip('.')}")


def _decider(makers: Mapping[str, Operation], name: str) -> Operation | None:
    """Return the operation that chose an output's values, through those that only move them."""
    while name in makers:
        operation = makers[name]
        if operation.type in (*_CHOOSING, *_COMPARING):
            return operation
        if operation.type not in _MOVING:
            return None
        given = operation.inputs["x"][0]
        name = given if isinstance(given, str) else ""
    return None


def _all_inputs(
    runs: PackageRuns, precision: str, probe: int, body: Block, makers: Mapping[str, Operation]
) -> dict[str, np.ndarray[Any, Any]]:
    """Return what the deciding operations of the outputs read in a run, constants included."""
    deciders = [operation for name in body.outputs if (operation := _decider(makers, name)) is not None]
    wanted = {
        item for operation in deciders for key in ("x", "y", "axis") for item in operation.inputs.get(key, ())
        if isinstance(item, str)
    }  # fmt: skip
    constants = {name: makers[name] for name in wanted if name in makers and makers[name].type == "const"}
    found = {name: np.asarray(operation.attributes["val"].data) for name, operation in constants.items()}
    model = runs.model(precision)
    found |= {name: np.asarray(value) for name, value in runs.values(model, probe).items()}

    def observe(name: str, array: np.ndarray[Any, Any]) -> None:
        if name in wanted:
            found[name] = np.array(array)

    runs.outputs(model, probe, observe)
    return found


def _near(
    operation: Operation,
    want: torch.Tensor,
    got: torch.Tensor,
    values: dict[str, dict[str, np.ndarray[Any, Any]]],
    precision: str,
) -> torch.Tensor | None:
    """Return for each place whether what was chosen and what the model chose are nearer than rounding."""
    exact, own = (_tensor(operation.inputs["x"][0], values[kind]) for kind in ("float32", precision))
    if exact is None or own is None or exact.shape != own.shape:
        return None
    moved = _NEAR * max(float((exact - own).abs().max()), _HALF_STEP * float(exact.abs().max()))
    if operation.type in _COMPARING:
        other = _tensor(operation.inputs["y"][0], values["float32"])
        if other is None:
            return None
        gap = (exact - other).abs()
        return (gap <= moved).reshape(want.shape) if gap.numel() == want.numel() else None
    given = _tensor(operation.inputs.get("axis", (None,))[0], values["float32"])
    axis = -1 if given is None else int(given.reshape(-1)[0])
    if not -exact.ndim <= axis < exact.ndim:
        return None
    shape = list(exact.shape)
    shape[axis] = want.numel() * shape[axis] // max(exact.numel(), 1)
    if torch.Size(shape).numel() != want.numel() or int(got.max()) >= exact.shape[axis] or int(got.min()) < 0:
        return None
    chosen, right = (exact.gather(axis, item.long().reshape(shape)) for item in (got, want))
    return ((chosen - right).abs() <= moved).reshape(want.shape)


def _tensor(binding: Any, values: dict[str, np.ndarray[Any, Any]]) -> torch.Tensor | None:
    array = np.asarray(binding.data) if isinstance(binding, Value) else values.get(binding)
    return None if array is None or array.dtype.kind not in "fiub" else torch.from_numpy(np.array(array)).double()


def _diagnostic(operation: Operation, path: str, count: int, total: int, description: str) -> Diagnostic:
    return Diagnostic(
        code="check.tie",
        severity=Severity.NOTE,
        message=f"With {description}, {count} of {total} values of {path} are near ties that rounding decides.",
        module=operation.module,
        file=operation.file,
        line=operation.line,
        evidence=f"the numbers that {operation.type} “{operation.label}” chooses between are nearer to each other than "
        "rounding moves them",
    )
