"""A compiled block, and how it is run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from ..errors import ExportDeskError, fail
from .program import Operation, ValueType

Frame = list[Any]
"""The values of a run by place. Places 0 and 1 are taken: the observer, and None for inputs that are left out."""
OBSERVER, NOTHING = 0, 1

Observer = Callable[[str, Any, ValueType], None]
"""Gets each value as it is made: its name, the held value, its declared type."""

OPERATION_ERRORS = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
)
"""What torch, numpy and our functions raise for values that do not fit. A cancel is none of them."""


@dataclass(frozen=True, slots=True)
class Step:
    run: Callable[[Frame], None]
    frees: tuple[int, ...]
    """Places whose last reader this step is."""
    operation: Operation
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompiledBlock:
    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def run(self, frame: Frame) -> None:
        """Run all steps; the outputs are then at their places of the frame.

        Raises:
            ExportDeskError: ``mil.operation-failed``, with the operation and its module.
        """
        observer = frame[OBSERVER]
        step = None
        try:
            for step in self.steps:
                step.run(frame)
                if observer is not None:
                    for place, named in zip(step.results, step.operation.outputs, strict=True):
                        observer(named.name, frame[place], named.type)
                for place in step.frees:
                    frame[place] = None
        except ExportDeskError:
            raise
        except OPERATION_ERRORS as error:
            assert step is not None
            raise_located(step.operation, error)


def located(error: ExportDeskError, operation: Operation) -> ExportDeskError:
    """Return a failure with the operation's name and module, where it does not name them already."""
    failure = error.failure
    if f"“{operation.label}”" not in failure.message:
        failure = msgspec.structs.replace(
            failure, message=f"{operation.type} “{operation.label}” cannot be compiled. {failure.message}"
        )
    if failure.module is None:
        failure = msgspec.structs.replace(failure, module=operation.module)
    return ExportDeskError(failure)


def raise_located(operation: Operation, error: Exception) -> NoReturn:
    """Turn what went wrong inside an operation into a failure that names it."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    fail(
        "mil.operation-failed",
        f"{operation.type} “{operation.label}” cannot be computed: {reason}",
        module=operation.module,
        file=operation.file,
        line=operation.line,
        cause=error,
    )
