"""Sizes of the example that became part of the file, found by running the model and the file at other sizes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...checks.compare import Unlike, compare
from ...coreml.locating import all_nodes, locate, source_line
from ...diagnostics import Diagnostic, Severity
from ...inputs.binding import Arguments
from ..compile import CompiledEntry
from ..eager import EagerModel, fresh
from ..kept_state import KeptState, inference
from ..torch_jit import without_optimiser
from .resized import Resize, feature_sizes, resizes

_TOLERANCE = 1e-3

Recompile = Callable[[Arguments], CompiledEntry | None]


@dataclass(frozen=True, kw_only=True)
class SizeAudit:
    """What is needed to run a model and its file at other sizes.

    ``recompile`` makes the file anew from another example; None where that fails. Without ``compares_numbers``, as for
    a model that draws random ones, a file is only wrong where it fails or gives other shapes.
    """

    model: EagerModel
    root: torch.nn.Module | None
    entry: CompiledEntry
    method: str
    example: Arguments
    recompile: Recompile
    compares_numbers: bool = True

    def findings(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each place that keeps a size of the example."""
        known = feature_sizes(self.root)
        groups = list(resizes(self.example, lambda size: size in known))
        if len(groups) > 1 and self._is_right_at(groups):
            return
        for choices in groups:
            for resize in choices:
                given = resize.apply(self.example)
                expected = self._eager(given)
                if expected is None:
                    continue  # the model does not allow this size, so the file need not
                problem = self._problem(given, expected)
                if problem is not None:
                    yield from self._explain(resize, given, problem)
                break

    def _is_right_at(self, groups: Sequence[Sequence[Resize]]) -> bool:
        """Whether the model and the file agree with all sizes changed at once; most do, and are done in one run."""
        given = self.example
        for choices in groups:
            given = choices[0].apply(given)
        expected = self._eager(given)
        return expected is not None and self._problem(given, expected) is None

    def _eager(self, arguments: Arguments) -> Any:
        try:
            return self.model.run(self.method, arguments)
        except Exception:
            return None

    def _problem(self, arguments: Arguments, expected: Any) -> str | None:
        compiled = self.entry.compiled
        kept = KeptState(compiled if isinstance(compiled, torch.nn.Module) else None)
        try:
            given = self.entry.arguments(self.method, fresh(arguments))
            with inference(), without_optimiser():
                target: Any = compiled if self.method == "forward" else getattr(compiled, self.method)
                found = compare(target(*given.positional, **given.keyword), expected)
        except Unlike as unlike:
            return str(unlike)
        except Exception as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return f"it fails ({lines[-1] if lines else type(error).__name__})"
        finally:
            kept.restore()
        is_near = found.relative <= _TOLERANCE or not self.compares_numbers
        return None if is_near else f"it is off by up to {found.absolute:.3g}"

    def _explain(self, resize: Resize, arguments: Arguments, problem: str) -> Iterator[Diagnostic]:
        other = self.recompile(arguments)
        places = list(_changed(self.entry, other, self.method)) if other is not None else []
        what = "The batch size of the example" if resize.is_batch else f"The size {resize.old} of the example"
        evidence = f"with {resize.description} the model runs, and of the exported one {problem}"
        if not places:
            yield Diagnostic(
                code="audit.batch-size" if resize.is_batch else "audit.example-shape",
                severity=Severity.WARNING,
                message=f"{what} is part of the file: with {resize.description} {problem}.",
                module="",
                hint="Script the part that depends on it, or keep to this size.",
                evidence=evidence,
            )
        for place in places:
            is_table = place.is_table and not resize.is_batch
            code = "audit.batch-size" if resize.is_batch else "audit.example-shape"
            message = f"{what} is part of the file here: with {resize.description} {problem}."
            if is_table:
                code = "audit.position-table"
                message = f"A table is cut at the length of the example ({resize.old}) here; {problem} at {resize.new}."
            yield Diagnostic(
                code=code,
                severity=Severity.WARNING,
                message=message,
                module=place.module or "",
                file=place.file,
                line=place.line,
                source=place.source,
                hint="Use the size as torch gives it (x.shape[0], without int() or len()), -1 in view and reshape, or "
                "script this module.",
                evidence=f"{evidence}; {place.change}",
            )


@dataclass(frozen=True, kw_only=True)
class _Place:
    module: str | None
    file: str | None
    line: int | None
    source: str | None
    change: str
    is_table: bool


def _changed(one: CompiledEntry, other: CompiledEntry, method: str) -> Iterator[_Place]:
    """Yield the places of constants that differ between two graphs of one model; the first place where they part."""
    module = one.compiled if isinstance(one.compiled, torch.nn.Module) else None
    seen: set[tuple[str | None, int | None]] = set()
    for before, after in zip(_nodes(one, method), _nodes(other, method), strict=False):
        if before.kind() != after.kind():
            user, change = before, "from here on, the graphs differ"
        else:
            values = _value(before), _value(after)
            if values[0] == values[1]:
                continue
            user, change = _user(before), f"{values[0]} is {values[1]} in a trace made so"
        place = locate(user, module)
        if (place.file, place.line) not in seen:
            seen.add((place.file, place.line))
            yield _Place(
                module=place.module,
                file=place.file,
                line=place.line,
                source=source_line(place),
                change=change,
                is_table=_reads_a_table(user),
            )
        if before.kind() != after.kind():
            return
    longer = max(_nodes(one, method), _nodes(other, method), key=len)
    count = min(len(_nodes(one, method)), len(_nodes(other, method)))
    if not seen and len(longer) > count:
        place = locate(longer[count], module)
        yield _Place(
            module=place.module,
            file=place.file,
            line=place.line,
            source=source_line(place),
            change=f"one trace has {len(longer) - count} operations more than the other, from here on",
            is_table=False,
        )


def _nodes(entry: CompiledEntry, method: str) -> list[Any]:
    compiled: Any = entry.compiled
    target = getattr(compiled, method) if isinstance(compiled, torch.nn.Module) else compiled
    return list(all_nodes(target.inlined_graph))


def _value(node: Any) -> Any:
    if node.kind() != "prim::Constant" or not node.hasAttribute("value"):
        return None
    kind = node.kindOf("value")
    if kind == "t":
        tensor = node.t("value")
        return f"a tensor of {tuple(tensor.shape)}" if tensor.numel() > 8 else f"a tensor {tensor.tolist()}"
    return str(node.output().toIValue())


def _user(node: Any) -> Any:
    """Return the operation that a constant goes into, past the lists that it may be put in."""
    for use in node.output().uses():
        if use.user.kind() in ("prim::ListConstruct", "prim::TupleConstruct", "prim::NumToTensor", "aten::Int"):
            return _user(use.user)
        return use.user
    return node


def _reads_a_table(node: Any) -> bool:
    """Whether an operation cuts a parameter, buffer or constant."""
    if node.kind() not in ("aten::slice", "aten::narrow", "aten::select", "aten::index", "aten::embedding"):
        return bool(node.kind() == "prim::Constant")
    source = next(iter(node.inputs())).node()
    while source.kind() in ("aten::slice", "aten::unsqueeze", "aten::select"):
        source = next(iter(source.inputs())).node()
    kind: str = source.kind()
    return kind in ("prim::GetAttr", "prim::Constant")
