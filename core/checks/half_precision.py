"""Why a float16 program is off: what overflows or vanishes, which operations lose most, what to keep in float32."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from ..coreml.float32_operations import operation_name
from ..diagnostics import Diagnostic, Severity
from ..job_context import JobContext
from ..mil.float32_search import suggest_float32
from ..mil.precision import SMALLEST_NORMAL_HALF, activation_ranges, rounding_report
from ..mil.program import Block, Operation, TensorType, Value, walk
from ..mil.widening import is_half
from ..results import Check, Float32Suggestion, ModuleRow, ValueErrorRow, ValueRange
from .package_runs import PackageRuns

Verify = Callable[[tuple[str, ...]], Check]
"""Convert again with these operations kept in float32, and check the package as the first one was."""

_SHOWN = 3
"""Operations named for losing precision; the rest is in the table of layers."""
_LOST = 2.0**-9
"""Noise, as a share of the value's range, below which an operation is not worth naming: 54 dB."""
_HEADROOM_DB = 1.0
_MOST_PROBES = 3
_MOST_SUSPECTS = 8
"""On which a set is searched for; each round converts the model once more."""


@dataclass(frozen=True)
class HalfPrecision:
    diagnostics: tuple[Diagnostic, ...]
    suggestion: Float32Suggestion | None = None


def explain_half_precision(
    runs: PackageRuns,
    probe: int,
    rows: Sequence[ModuleRow],
    limit_db: float | None,
    verify: Verify | None,
    context: JobContext,
) -> HalfPrecision:
    """Find out what half precision does to a program on one probe.

    Args:
        rows: of the model's modules, for files and lines.
        limit_db: what the outputs must reach; operations to keep in float32 are searched for where it is given.
        verify: None leaves a suggestion as simulated.

    Raises:
        ExportDeskError: where the program cannot be run.
    """
    values = runs.values(runs.model("program"), probe)
    context.progress(None, "where float16 loses precision")
    ranges = activation_ranges(runs.package, values, checkpoint=context.checkpoint)
    report = rounding_report(runs.package, values, checkpoint=context.checkpoint)
    program = _Program(runs.model("program").body, rows)
    found = [
        *_overflows(program, report.rows, {row.name: row for row in ranges}),
        *_underflows(program, report.rows, {row.name: row for row in ranges}),
        *_small_constants(program),
        *_losses(program, report.rows),
    ]
    if limit_db is None:
        return HalfPrecision(tuple(found))
    suggestion = _search(runs, probe, limit_db, verify, context)
    if suggestion is None and verify is not None:
        suggestion = _converted_without(_suspects(program, report.rows), verify, context)
    if suggestion is None:
        return HalfPrecision(tuple(found))
    return HalfPrecision((*found, _suggested(program, suggestion)), suggestion)


def _search(
    runs: PackageRuns, probe: int, limit_db: float, verify: Verify | None, context: JobContext
) -> Float32Suggestion | None:
    """Return a set of operations that helps on all probes, None where none was found."""
    used = [probe]
    model = runs.model("program")
    while True:
        context.progress(None, "which operations to keep in float32")
        found = suggest_float32(
            runs.package,
            [runs.values(model, index) for index in used],
            threshold_db=limit_db + _HEADROOM_DB,
            checkpoint=context.checkpoint,
        )
        if not found.is_enough or not found.operations:
            return None
        suggestion = _for_recipe(found)
        if verify is None:
            return suggestion
        context.progress(None, f"converting again with {len(suggestion.operations)} in float32")
        check = verify(suggestion.operations)
        if check.status == "passed":
            return msgspec.structs.replace(suggestion, is_verified=True, psnr_after_db=check.psnr_db)
        other = next((index for index in runs.answered if runs.expected[index].description == check.probe), probe)
        if other in used or len(used) == _MOST_PROBES:
            return None
        used.append(other)


def _suspects(program: "_Program", rows: Sequence[ValueErrorRow]) -> dict[str, str | None]:
    """Return the operations that overflow, or scale by a constant too small for float16, each with its module."""
    makers = [program.maker(row.name) for row in rows if row.is_overflow]
    makers += [operation for operation, _ in program.small_constants()]
    return {operation_name(operation.label): operation.module for operation in makers}


def _converted_without(
    suspects: dict[str, str | None], verify: Verify, context: JobContext
) -> Float32Suggestion | None:
    """Return the suspects that must be in float32, found by converting: what a simulation cannot see.

    A constant that float16 does not have is already lost in the package that a simulation runs.
    """
    if not 0 < len(suspects) <= _MOST_SUSPECTS:
        return None
    kept = tuple(suspects)
    context.progress(None, f"converting again with {len(kept)} in float32")
    check, tried = verify(kept), 1
    if check.status != "passed":
        return None
    for name in reversed(tuple(suspects)):
        fewer = tuple(other for other in kept if other != name)
        if fewer:
            again, tried = verify(fewer), tried + 1
            if again.status == "passed":
                kept, check = fewer, again
    return Float32Suggestion(
        operations=kept,
        modules={name: suspects[name] for name in kept},
        psnr_before_db=None,
        psnr_after_db=check.psnr_db,
        is_enough=True,
        is_verified=True,
        tried=tried,
    )


class _Program:
    """The operations of a program by value, and where in the user's model they come from."""

    def __init__(self, body: Block, rows: Sequence[ModuleRow]) -> None:
        self.operations = {named.name: item for item in walk(body) for named in item.outputs if item.type != "const"}
        self._constants = {named.name: item for item in walk(body) for named in item.outputs if item.type == "const"}
        self._rows = {row.path: row for row in rows}

    def maker(self, name: str) -> Operation:
        """Return the operation that a value comes from; a cast to half is not one of the user's model."""
        operation = self.operations[name]
        while operation.type == "cast" and is_half(operation.outputs[0]):
            source = self.operations.get(next(self.sources(operation), ""))
            if source is None:
                break
            operation = source
        return operation

    def sources(self, operation: Operation) -> Iterator[str]:
        for items in operation.inputs.values():
            yield from (item for item in items if isinstance(item, str) and item in self.operations)

    def constant(self, binding: str | Value | None) -> float | None:
        """Return the magnitude of a float16 constant with one element, None for anything else."""
        if isinstance(binding, str) and binding in self._constants:
            binding = self._constants[binding].attributes["val"]
        if not isinstance(binding, Value) or not isinstance(binding.type, TensorType) or binding.type.dtype != "fp16":
            return None
        array = np.asarray(binding.data)
        return abs(float(array.reshape(()))) if array.size == 1 and array.dtype.kind == "f" else None

    def small_constants(self) -> Iterator[tuple[Operation, float]]:
        """Yield each product with a constant of which float16 keeps few digits, and the constant's magnitude."""
        for operation in {id(item): item for item in self.operations.values()}.values():
            if operation.type in ("mul", "real_div"):
                sizes = (self.constant(next(iter(operation.inputs.get(name, ())), None)) for name in ("x", "y"))
                yield from ((operation, size) for size in sizes if size and size < SMALLEST_NORMAL_HALF)

    def diagnostic(self, code: str, operation: Operation, message: str, hint: str, evidence: str) -> Diagnostic:
        row = self._row(operation.module)
        return Diagnostic(
            code=code,
            severity=Severity.WARNING,
            message=message,
            module=operation.module,
            file=operation.file or (row.file if row is not None else None),
            line=operation.line or (row.line if row is not None else None),
            hint=hint,
            evidence=evidence,
        )

    def _row(self, module: str | None) -> ModuleRow | None:
        """Return the nearest module around, itself included, whose class is the user's."""
        while module is not None:
            row = self._rows.get(module)
            if row is not None and row.file is not None:
                return row
            module = module.rpartition(".")[0] if module else None
        return None


def describe(operation: Operation) -> str:
    """Return an operation in words: its type, the name of its value, and its module."""
    where = {None: "", "": " of the model itself"}.get(operation.module, f" in {operation.module}")
    return f"{operation.type} “{operation.label}”{where}"


def _overflows(program: _Program, rows: Sequence[ValueErrorRow], ranges: dict[str, ValueRange]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation whose result overflows although what it reads does not."""
    broken = {row.name for row in rows if row.is_overflow}
    for row in rows:
        if row.name not in broken or broken & set(program.sources(program.operations[row.name])):
            continue
        operation = program.maker(row.name)
        known = ranges.get(row.name)
        if known is not None and known.overflowing:
            text = f"gives values up to {known.largest:.3g}, and float16 ends at 65504: they become infinite"
            seen = f"{known.overflowing} of {known.elements} elements are too large"
        else:
            text, seen = "gives infinity or no number in float16, and a number in float32", "measured on one probe"
        yield program.diagnostic(
            "fp16.overflow",
            operation,
            f"{describe(operation)} {text}.",
            f"Keep it in float32: [coreml] float32_operations = [{_quoted(operation)}]; or scale the values down.",
            seen,
        )


def _underflows(
    program: _Program, rows: Sequence[ValueErrorRow], ranges: dict[str, ValueRange]
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation whose result lies below what float16 can tell apart."""
    small: set[str] = set()
    for row in rows:
        known = ranges.get(row.name)
        if known is None or not 0 < known.largest < SMALLEST_NORMAL_HALF or row.max_relative_error < _LOST:
            continue
        small.add(row.name)
        if small & set(program.sources(program.operations[row.name])):
            continue
        operation = program.maker(row.name)
        yield program.diagnostic(
            "fp16.underflow",
            operation,
            f"{describe(operation)} gives values of at most {known.largest:.2g}; float16 keeps few digits of them "
            "or none.",
            f"Keep it in float32: [coreml] float32_operations = [{_quoted(operation)}]; or scale the values up.",
            f"{known.subnormal} of {known.elements} elements are below 6.1e-05, float16's smallest normal number; the "
            f"relative error is {row.max_relative_error:.2g}",
        )


def _small_constants(program: _Program) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation that scales by a constant of which float16 keeps few digits.

    A division by 1e8 becomes a product with 1e-8, which float16 does not have.
    """
    for operation, size in program.small_constants():
        yield program.diagnostic(
            "fp16.underflow",
            operation,
            f"{describe(operation)} has the constant {size:.2g}; float16 keeps few digits of it or none.",
            f"Keep it in float32: [coreml] float32_operations = [{_quoted(operation)}]; or choose another scale.",
            "the smallest normal number of float16 is 6.1e-05",
        )


def _losses(program: _Program, rows: Sequence[ValueErrorRow]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each of the few operations in which most of the noise comes in."""
    noise = {row.name: _noise(row) for row in rows if not row.is_overflow}
    added = {
        name: own - max((noise.get(source, 0.0) for source in program.sources(program.operations[name])), default=0.0)
        for name, own in noise.items()
        if own >= _LOST and math.isfinite(own)
    }
    worst = sorted((name for name in added if added[name] > _LOST / 2), key=lambda name: -added[name])[:_SHOWN]
    for name in worst:
        operation = program.maker(name)
        before = max((noise.get(source, 0.0) for source in program.sources(operation)), default=0.0)
        yield program.diagnostic(
            "fp16.precision",
            operation,
            f"{describe(operation)} loses precision in float16: its result has {_decibels(noise[name])}, what it reads "
            f"has {_decibels(before)}.",
            "Keep what it reads, or itself, in float32; where a check fails, the smallest set is searched for.",
            "the program in float16 and in float32, value by value, on one probe",
        )


def _noise(row: ValueErrorRow) -> float:
    return 0.0 if row.psnr_db is None else 10 ** (-row.psnr_db / 20)


def _decibels(noise: float) -> str:
    return "no error" if noise == 0 else f"{-20 * math.log10(noise):.0f} dB"


def _for_recipe(suggestion: Float32Suggestion) -> Float32Suggestion:
    names = {name: operation_name(name) for name in suggestion.operations}
    return msgspec.structs.replace(
        suggestion,
        operations=tuple(names.values()),
        modules={names[name]: module for name, module in suggestion.modules.items()},
    )


def _suggested(program: _Program, suggestion: Float32Suggestion) -> Diagnostic:
    names = ", ".join(f'"{name}"' for name in suggestion.operations)
    count = len(suggestion.operations)
    reached = "" if suggestion.psnr_after_db is None else f" and reaches {suggestion.psnr_after_db:.0f} dB"
    proof = (
        f"converted again with {'it' if count == 1 else 'them'}, the package passes{reached}"
        if suggestion.is_verified
        else f"simulated{reached}; not converted again"
    )
    first = suggestion.modules.get(suggestion.operations[0])
    return Diagnostic(
        code="fp16.suggestion",
        severity=Severity.NOTE,
        message=f"With {count} operation{'s' if count > 1 else ''} kept in float32, the rest can be float16: {names}.",
        module=first,
        hint=f"Set [coreml] float32_operations = [{names}].",
        evidence=f"{proof}; {suggestion.tried} sets were tried, and none of these can be left out",
    )


def _quoted(operation: Operation) -> str:
    return f'"{operation_name(operation.label)}"'
