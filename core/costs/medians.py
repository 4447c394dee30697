"""From what was timed in several runs to one number for each operation."""

import statistics
from typing import TypeVar

Key = TypeVar("Key")


def medians_of(runs: list[dict[Key, tuple[int, int]]]) -> dict[Key, tuple[float, int]]:
    """Return seconds and turns for each key of the runs, of which the first only warmed up."""
    counted = runs[1:] or runs
    return {
        key: (
            statistics.median(run[key][0] for run in counted if key in run) / 1e9,
            round(statistics.median(run[key][1] for run in counted if key in run)),
        )
        for key in {key: None for run in counted for key in run}
    }
