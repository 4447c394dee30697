"""A clock around each operation of a Core ML program in reference execution."""

import time
from collections.abc import Callable

from ..mil.program import Operation
from ..mil.steps import Frame
from .medians import medians_of


class PackageClock:
    """Adds up, for each run, what each operation took; an operation goes by the name of its first output."""

    def __init__(self) -> None:
        self._runs: list[dict[str, tuple[int, int]]] = []

    def begin(self) -> None:
        """Begin a run; the first one warms up and does not count."""
        self._runs.append({})

    def around(self, operation: Operation, run: Callable[[Frame], None]) -> Callable[[Frame], None]:
        """Return a step that does the operation and notes what it took; what has blocks is timed by what is inside."""
        if operation.blocks or not operation.outputs:
            return run
        name, clock = operation.outputs[0].name, time.perf_counter_ns

        def timed(frame: Frame) -> None:
            begin = clock()
            run(frame)
            end = clock()
            nanoseconds, turns = self._runs[-1].get(name, (0, 0))
            self._runs[-1][name] = (nanoseconds + end - begin, turns + 1)

        return timed

    def medians(self) -> dict[str, tuple[float, int]]:
        """Return seconds and turns of each operation in a run, the median of all runs but the first."""
        return medians_of(self._runs)
