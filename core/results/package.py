"""A Core ML package that was described, run, or checked as part of a bundle."""

import msgspec

from .checks import Check
from .export import CoreMLSummary
from .result import Result


class PackageDescription(Result, frozen=True, kw_only=True, tag="package"):
    """What a Core ML package takes, gives and is made of."""

    package: str
    summary: CoreMLSummary


class ArraySummary(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a run, in numbers worth printing; they are of its finite elements."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    non_finite: int = 0
    """Elements that are infinite or no number."""
    text: str | None = None
    """A label, or the most likely one of a dictionary of probabilities."""


class UnsupportedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of a package that reference execution does not know."""

    type: str
    name: str
    """Of its first output."""
    opset: str
    function: str
    module: str | None = None
    file: str | None = None
    line: int | None = None


class ValueRange(msgspec.Struct, frozen=True, kw_only=True):
    """Magnitudes of one half-precision value of a program, as float32 computes it."""

    name: str
    operation: str
    module: str | None
    """Submodule that it came from; None where the package does not tell."""
    largest: float
    smallest: float
    """Smallest that is not zero."""
    overflowing: int
    """Elements beyond 65504, which half precision makes infinite."""
    subnormal: int
    """Elements below 2**-14, of which half precision keeps fewer digits or none."""
    elements: int


class ValueErrorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a program in its own precision, compared with the same in float32."""

    name: str
    operation: str
    module: str | None
    differs: bool = False
    is_overflow: bool = False
    """Infinite or no number, where float32 gives a number."""
    max_absolute_error: float = 0.0
    max_relative_error: float = 0.0
    """Of the largest magnitude of the value."""
    psnr_db: float | None = None
    """None where both are equal."""


class RoundingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What rounding does to a program, value by value in the program's order."""

    rows: tuple[ValueErrorRow, ...]
    diverged_at: str | None = None
    """The value whose rounding made a branch or loop go another way; nothing behind it was compared."""
    first_overflow: str | None = None


class PackageRun(Result, frozen=True, kw_only=True, tag="run"):
    """A package that was run by reference execution; where only support was asked for, nothing was run."""

    package: str
    function: str | None = None
    precision: str | None = None
    steps: int = 0
    outputs: tuple[ArraySummary, ...] = ()
    intermediates: tuple[ArraySummary, ...] = ()
    states: tuple[ArraySummary, ...] = ()
    output: str | None = None
    """The file that was written."""
    seconds: float = 0.0
    operations: dict[str, int] = msgspec.field(default_factory=dict)
    """Operation name to count, most frequent first."""
    unsupported: tuple[UnsupportedOperation, ...] = ()


class BundleCheck(Result, frozen=True, kw_only=True, tag="check"):
    """What was found in a bundle that was handed over."""

    bundle: str
    files: dict[str, str]
    """Each file to ``ok``, ``changed``, ``missing`` or ``added``."""
    checks: tuple[Check, ...]

    @property
    def is_good(self) -> bool:
        return all(check.status != "failed" for check in self.checks)
