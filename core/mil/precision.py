"""What half precision does to a program: ranges of every value, and the error that rounding brings, layer by layer.

Everything streams: a value is looked at when it is made and then forgotten.
"""

import math
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..results import RoundingReport, ValueErrorRow, ValueRange
from .model import ReferenceModel, package_from
from .program import TensorType, walk

LARGEST_HALF = 65504.0
SMALLEST_NORMAL_HALF = 2.0**-14
"""Below it halves lose digits; below 2**-25 they become zero."""


def activation_ranges(
    source: Any,
    data: Mapping[str, Any],
    *,
    function: str | None = None,
    checkpoint: Callable[[], None] | None = None,
) -> tuple[ValueRange, ...]:
    """Return the range of every half-precision value, as float32 computes it, in the order of the program.

    Args:
        source: what ReferenceModel takes.
        data: one set of inputs.

    A value that is made several times (in a loop) has one row, over all turns.
    """
    model = ReferenceModel(source, function=function, precision="float32")
    halves = {name: row for name, row in _places(model).items() if row.is_half}
    found: dict[str, ValueRange] = {}

    def observe(name: str, array: np.ndarray[Any, Any]) -> None:
        if name in halves and array.size:
            row = _range(name, array, halves[name])
            found[name] = _wider(found[name], row) if name in found else row

    model.predict(data, model.make_state(), observe=observe, checkpoint=checkpoint)
    return tuple(found.values())


class _Place:
    def __init__(self, operation: str, module: str | None, is_half: bool) -> None:
        self.operation = operation
        self.module = module
        self.is_half = is_half


def _places(model: ReferenceModel) -> dict[str, _Place]:
    return {
        named.name: _Place(
            operation.type, operation.module, isinstance(named.type, TensorType) and named.type.dtype == "fp16"
        )
        for operation in walk(model.body)
        for named in operation.outputs
    }


def _range(name: str, array: np.ndarray[Any, Any], place: _Place) -> ValueRange:
    size = np.abs(array[np.isfinite(array)])
    nonzero = size[size > 0]
    return ValueRange(
        name=name,
        operation=place.operation,
        module=place.module,
        largest=float(size.max()) if size.size else math.inf,
        smallest=float(nonzero.min()) if nonzero.size else 0.0,
        overflowing=int((np.abs(array) > LARGEST_HALF).sum()),
        subnormal=int((nonzero < SMALLEST_NORMAL_HALF).sum()),
        elements=int(array.size),
    )


def _wider(first: ValueRange, second: ValueRange) -> ValueRange:
    smallest = [row.smallest for row in (first, second) if row.smallest > 0]
    return ValueRange(
        name=first.name,
        operation=first.operation,
        module=first.module,
        largest=max(first.largest, second.largest),
        smallest=min(smallest, default=0.0),
        overflowing=first.overflowing + second.overflowing,
        subnormal=first.subnormal + second.subnormal,
        elements=first.elements + second.elements,
    )


def rounding_report(
    source: Any,
    data: Mapping[str, Any],
    *,
    function: str | None = None,
    checkpoint: Callable[[], None] | None = None,
) -> RoundingReport:
    """Run a program in its own precision and, beside it, in float32; compare every value as both make it.

    Where the two take different ways through a branch or a loop, the comparison ends and the report names the value
    that decided.
    """
    package = package_from(source)
    exact = ReferenceModel(package, function=function, precision="float32")
    rounded = ReferenceModel(package, function=function)
    places = _places(rounded)
    rows: dict[str, ValueErrorRow] = {}
    previous: list[str] = []
    diverged: list[str] = []

    with _running_ahead(exact, data) as ahead:

        def observe(name: str, array: np.ndarray[Any, Any]) -> None:
            if diverged:
                return
            item = next(ahead, None)
            if item is None or item[0] != name or item[1].shape != array.shape:
                diverged.append(previous[-1] if previous else name)
                return
            row = _error(name, array, item[1], places[name])
            rows[name] = row if name not in rows else _worse(rows[name], row)
            previous.append(name)
            del previous[:-1]

        rounded.predict(data, rounded.make_state(), observe=observe, checkpoint=checkpoint)
        if not diverged and next(ahead, None) is not None:
            diverged.append(previous[-1] if previous else "")
    ordered = tuple(rows.values())
    overflow = next((row.name for row in ordered if row.is_overflow), None)
    return RoundingReport(rows=ordered, diverged_at=diverged[0] if diverged else None, first_overflow=overflow)


@contextmanager
def _running_ahead(
    model: ReferenceModel, data: Mapping[str, Any]
) -> Iterator[Iterator[tuple[str, np.ndarray[Any, Any]]]]:
    """Yield the values of a run in another thread, which is never more than one value ahead."""
    made: queue.Queue[tuple[str, np.ndarray[Any, Any]] | BaseException | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(item: tuple[str, np.ndarray[Any, Any]] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.05)
            except queue.Full:
                continue
            return
        raise _Stopped

    def run() -> None:
        try:
            model.predict(data, model.make_state(), observe=lambda name, array: put((name, array)))
            put(None)
        except _Stopped:
            return
        except Exception as error:  # handed to the thread that waits for the values
            try:
                put(error)
            except _Stopped:
                return

    def values() -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=run, name="float32 run", daemon=True)
    thread.start()
    try:
        yield values()
    finally:
        stopped.set()
        thread.join()


class _Stopped(Exception):
    """The values are not wanted any more."""


def _error(name: str, actual: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], place: _Place) -> ValueErrorRow:
    if actual.dtype.kind not in "f" or not actual.size:
        same = bool(np.array_equal(actual, expected))
        return ValueErrorRow(name=name, operation=place.operation, module=place.module, differs=not same)
    wide, reference = actual.astype(np.float64), expected.astype(np.float64)
    was_finite = np.isfinite(reference)
    is_overflow = bool((was_finite & ~np.isfinite(wide)).any())
    both = was_finite & np.isfinite(wide)
    difference, size = np.abs(wide - reference)[both], np.abs(reference)[both]
    largest = float(size.max()) if size.size else 0.0
    rms = float(np.sqrt(np.square(difference).mean())) if difference.size else 0.0
    return ValueErrorRow(
        name=name,
        operation=place.operation,
        module=place.module,
        differs=is_overflow or bool(difference.any()),
        is_overflow=is_overflow,
        max_absolute_error=float(difference.max()) if difference.size else 0.0,
        max_relative_error=float(difference.max() / largest) if largest else 0.0,
        psnr_db=20 * math.log10(largest / rms) if rms and largest else None,
    )


def _worse(first: ValueErrorRow, second: ValueErrorRow) -> ValueErrorRow:
    if first.is_overflow != second.is_overflow:
        return first if first.is_overflow else second
    return first if first.max_relative_error >= second.max_relative_error else second
