"""Which operations of a package cannot be run, all at once, without running anything."""

from collections import Counter
from pathlib import Path
from typing import Any

from ..results import UnsupportedOperation
from . import operations
from .model import package_from
from .package import Package
from .program import walk
from .table import find

operations.load()

CONTROL_FLOW = ("const", "cond", "while_loop")
"""What the compile step does by itself; everything else is in the table of operations."""


def unsupported_operations(source: str | Path | Any) -> tuple[UnsupportedOperation, ...]:
    """Return every operation of every function that the executor does not know, in the program's order.

    Args:
        source: what ReferenceModel takes.
    """
    return unsupported_of(package_from(source))


def unsupported_of(package: Package) -> tuple[UnsupportedOperation, ...]:
    return tuple(
        UnsupportedOperation(
            type=operation.type,
            name=operation.label,
            opset=function.opset,
            function=function.name,
            module=operation.module,
            file=operation.file,
            line=operation.line,
        )
        for function in package.program.functions.values()
        for operation in walk(function.body)
        if operation.type not in CONTROL_FLOW and find(operation.type, function.opset) is None
    )


def operation_counts(package: Package) -> dict[str, int]:
    """Return how often each operation occurs, constants left out, most frequent first."""
    counts = Counter(
        operation.type
        for function in package.program.functions.values()
        for operation in walk(function.body)
        if operation.type != "const"
    )
    return dict(counts.most_common())
