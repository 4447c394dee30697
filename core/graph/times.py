"""Measured times in words, the same in the window and on the command line."""

from ..results import OperationTime, TimesResult


def seconds_text(seconds: float) -> str:
    """Return a time with its unit: ``12 µs``."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs" if seconds >= 1e-6 else f"{seconds * 1e6:.1f} µs"


def time_text(time: OperationTime) -> str:
    """Return what an operation took in a run of the model, with its turns where there are several."""
    turns = f" in {time.turns:,} turns" if time.turns > 1 else ""
    return f"{seconds_text(time.seconds)}{turns}"


def total_seconds(measured: TimesResult) -> float:
    """Return what all operations took together."""
    return sum(time.seconds for time in measured.times.values())


def times_remark(measured: TimesResult) -> str:
    """Return what exactly was measured."""
    how = "by reference execution, not on an Apple device" if measured.graph.source == "mil" else "by torch"
    threads = "1 thread" if measured.threads == 1 else f"{measured.threads} threads"
    return (
        f"On this machine's processor, {how}: each operation on its own, median of {measured.runs} runs, {threads}, "
        f"with {measured.inputs}."
    )
