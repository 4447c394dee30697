"""Branches and loops of a program: which sides were taken on the probes, and which of them rounding decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ..coreml.locating import all_nodes, is_library, source_frames
from ..diagnostics import Diagnostic, Severity
from ..mil import ReferenceModel
from ..mil.program import Block, Operation, TensorType, Value, walk
from .altered_programs import with_operations
from .package_runs import PackageRuns

_NEAR = 4.0
"""How many times what rounding moves a value it may be away from the border, for rounding to have decided."""
_SINGLE_NEAR = 2.0**-20
"""The same for float32, as a share of the largest number that the value was computed from."""
_MOST_TRIED = 8
"""Branches that are tried the other way round on one probe."""
_KINDS = {"prim::If": "cond", "prim::Loop": "while_loop"}


@dataclass(frozen=True)
class Branch:
    """One ``cond`` or ``while_loop`` of a program, and the value that decides."""

    operation: Operation
    decider: str
    file: str | None = None
    line: int | None = None

    @property
    def kind(self) -> str:
        return "branch" if self.operation.type == "cond" else "loop"

    @property
    def place(self) -> str:
        where = {None: "", "": " of the model itself"}.get(self.operation.module, f" in {self.operation.module}")
        line = f" at line {self.line}" if self.line is not None else f" “{self.operation.label}”"
        return f"{self.kind}{line}{where}"


def branches_of(body: Block, compiled: Any = None, method: str = "forward") -> tuple[Branch, ...]:
    """Return the branches and loops in the order of the program, with lines where the compiled module tells them."""
    found = []
    for operation in walk(body):
        if operation.type == "cond":
            given = operation.inputs.get("pred", ())
            found += [Branch(operation, given[0])] if given and isinstance(given[0], str) else []
        elif operation.type == "while_loop" and operation.blocks and operation.blocks[0].outputs:
            found.append(Branch(operation, operation.blocks[0].outputs[0]))
    lines = _lines(compiled, method)
    for kind in ("cond", "while_loop"):
        own = [branch for branch in found if branch.operation.type == kind]
        places = [place for name, place in lines if name == kind]
        if len(own) == len(places):
            known = dict(zip((branch.decider for branch in own), places, strict=True))
            found = [
                replace(branch, file=known[branch.decider][0], line=known[branch.decider][1])
                if branch in own and known[branch.decider] is not None
                else branch
                for branch in found
            ]
    return tuple(found)


def _lines(compiled: Any, method: str) -> list[tuple[str, Any]]:
    """Return kind and place of each branch and loop of a compiled module, in order."""
    graph = getattr(getattr(compiled, method, compiled), "graph", None)
    if graph is None:
        return []
    graph = graph.copy()
    torch._C._jit_pass_inline(graph)
    found = []
    for node in all_nodes(graph):
        if node.kind() in _KINDS:
            frames = [frame for frame in source_frames(node) if not is_library(frame[0])]
            found.append((_KINDS[node.kind()], frames[0] if frames else None))
    return found


class Decisions:
    """What the branches decided in the runs of a program; give ``observe`` to each run."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self._sides: dict[str, set[bool]] = {branch.decider: set() for branch in branches}
        self._branches = branches

    def observe(self, name: str, array: np.ndarray[Any, Any]) -> None:
        if name in self._sides and array.size == 1:
            self._sides[name].add(bool(array.reshape(())))

    def not_taken(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each side that no run took; what lies in a side that was not taken is left out."""
        for branch in self._branches:
            sides = self._sides[branch.decider]
            if len(sides) != 1:
                continue
            if branch.operation.type == "while_loop":
                if True in sides:
                    continue
                missing = "never turned: its body"
            else:
                missing = f"always went where its condition is {str(next(iter(sides))).lower()}: the other side"
            yield Diagnostic(
                code="check.branch-not-taken",
                severity=Severity.WARNING,
                message=f"On all probes, the {branch.place} {missing} was not checked.",
                module=branch.operation.module,
                file=branch.file,
                line=branch.line,
                hint="Add an input that takes it, or more probes: [checks] probes.",
            )


@dataclass(frozen=True)
class Flip:
    """A probe on which rounding decided a branch; ``outputs`` are those of the side that the model takes."""

    outputs: list[torch.Tensor]
    diagnostic: Diagnostic
    words: str
    """What rounding decides, and on which probe."""


def flip_of(runs: PackageRuns, precision: str, probe: int, branches: Sequence[Branch], admits: Any) -> Flip | None:
    """Return the branch that explains a failed comparison, None where none does.

    A branch explains it if its condition is nearer to the border than rounding, and if the program agrees with the
    model as soon as it takes the other side.

    Args:
        admits: tells whether outputs meet the gate on this probe.
    """
    candidates = [branch for branch in branches if branch.operation.type == "cond"][:_MOST_TRIED]
    if not candidates:
        return None
    values = {name: _watched(runs, name, probe, candidates) for name in {"program", "float32"}}
    for branch in candidates:
        taken = values[precision].get(branch.decider)
        margin = _margin(runs, branch, values)
        if taken is None or margin is None or not margin.is_near:
            continue
        other = not bool(taken.reshape(-1)[0])
        forced = with_operations(runs.package, lambda item, b=branch, side=other: _forced(item, b, side))  # type: ignore[misc]
        outputs = runs.outputs(ReferenceModel(forced, precision=precision), probe)
        if admits(outputs):
            description = runs.expected[probe].description
            words = f"rounding decides the {branch.place} with {description}"
            return Flip(outputs, _flipped(branch, margin, description), words)
    return None


@dataclass(frozen=True)
class _Margin:
    comparison: str
    left: float
    right: float
    moved: float
    """How far rounding moves the difference of the two."""

    @property
    def is_near(self) -> bool:
        return abs(self.left - self.right) <= self.moved


def _watched(
    runs: PackageRuns, precision: str, probe: int, branches: Sequence[Branch]
) -> dict[str, np.ndarray[Any, Any]]:
    """Run the program and keep the deciding values, and what they were computed from."""
    model = runs.model(precision)
    makers = _makers(model.body)
    wanted = {branch.decider for branch in branches}
    for _ in range(3):
        wanted |= {name for item in wanted if item in makers for name in _sources(makers[item])}
    found: dict[str, np.ndarray[Any, Any]] = {}

    def observe(name: str, array: np.ndarray[Any, Any]) -> None:
        if name in wanted and name not in found:
            found[name] = np.array(array)

    found |= {name: np.asarray(value) for name, value in runs.values(model, probe).items()}
    runs.outputs(model, probe, observe)
    return found


def _margin(runs: PackageRuns, branch: Branch, values: dict[str, dict[str, np.ndarray[Any, Any]]]) -> _Margin | None:
    """Return how near the two numbers are that a branch compares; None where it compares no two numbers."""
    makers = _makers(runs.model("float32").body)
    operation = makers.get(branch.decider)
    while operation is not None and operation.type in ("cast", "squeeze", "reshape", "identity", "logical_not"):
        operation = makers.get(next(iter(_sources(operation)), ""))
    if operation is None or not {"x", "y"} <= operation.inputs.keys():
        return None
    sides = []
    for name in ("x", "y"):
        single, own = (_number(operation.inputs[name][0], values[kind], makers) for kind in ("float32", "program"))
        if single is None or own is None:
            return None
        sides.append((single, own))
    (left, own_left), (right, own_right) = sides
    origins = [name for name in _sources(operation) for name in (name, *_sources(makers[name])) if name in makers]
    origins += [source for name in _sources(operation) if name in makers for source in _sources(makers[name])]
    largest = max(
        (float(np.abs(values["float32"][name]).max()) for name in origins if values["float32"].get(name) is not None),
        default=max(abs(left), abs(right)),
    )
    moved = _NEAR * (abs(left - own_left) + abs(right - own_right)) + _SINGLE_NEAR * largest
    return _Margin(operation.type, left, right, moved)


def _number(binding: Any, values: dict[str, np.ndarray[Any, Any]], makers: dict[str, Operation]) -> float | None:
    if isinstance(binding, str) and binding in makers and makers[binding].type == "const":
        binding = makers[binding].attributes["val"]
    if isinstance(binding, Value):
        array = np.asarray(binding.data) if isinstance(binding.data, np.ndarray | np.generic | int | float) else None
    else:
        array = values.get(binding)
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def _makers(body: Block) -> dict[str, Operation]:
    return {named.name: operation for operation in walk(body) for named in operation.outputs}


def _sources(operation: Operation) -> Iterator[str]:
    for items in operation.inputs.values():
        yield from (item for item in items if isinstance(item, str))


def _forced(operation: Operation, branch: Branch, side: bool) -> Operation:
    if operation.type != "cond" or operation.label != branch.operation.label:
        return operation
    pred = Value(TensorType("bool", ()), np.array(side))
    return replace(operation, inputs={**operation.inputs, "pred": (pred,)})


def _flipped(branch: Branch, margin: _Margin, description: str) -> Diagnostic:
    return Diagnostic(
        code="check.flipped-branch",
        severity=Severity.WARNING,
        message=f"With {description}, rounding decides the {branch.place}: the Core ML program takes another side than "
        f"the model.",
        module=branch.operation.module,
        file=branch.file,
        line=branch.line,
        hint="On such inputs an app may get either result. Where that matters, keep the condition away from the values "
        "that occur, or compute it in float32.",
        evidence=f"{margin.comparison} compares {margin.left:.3g} with {margin.right:.3g}, which rounding may move by "
        f"{margin.moved:.2g}; made to take the model's side, the program agrees with it",
    )
