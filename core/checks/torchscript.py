"""TorchScript compared with the eager model: as compiled, and as reloaded from its file by a clean process."""

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import torch

from ..exported.program import ExportedEntry
from ..inputs.binding import Arguments
from ..inputs.nested import map_tensors
from ..job_context import JobContext
from ..results import Check
from ..torchscript.clean_process import CleanProcess
from ..torchscript.compile import CompiledEntry
from ..torchscript.eager import fresh
from ..torchscript.kept_state import KeptState, inference
from ..torchscript.parked_weights import find_weights
from ..torchscript.torch_jit import without_optimiser
from .probes import Probe
from .verdict import Expected, first_line, not_run, relative_gate, verdict


def check_compiled(
    entry: CompiledEntry,
    probes: Mapping[str, Sequence[Probe]],
    expected: Mapping[str, Sequence[Expected]],
    tolerance: float,
    context: JobContext,
    *,
    most: int | None = None,
) -> tuple[Check, ...]:
    """Compare the module in memory with eager, method by method, on ``most`` probes of each."""
    checks = []
    compiled = entry.compiled
    kept = KeptState(compiled if isinstance(compiled, torch.nn.Module) else None)
    for method, all_rows in probes.items():
        rows = all_rows[:most]
        actual: list[Any] = []
        for index, probe in enumerate(rows):
            context.progress(index / len(rows), f"TorchScript, probe {index + 1} of {len(rows)}")
            if expected[method][index].problem is not None:
                actual.append(None)
                continue
            try:
                arguments = entry.arguments(method, fresh(probe.arguments))
                with inference(), without_optimiser():
                    target = compiled if method == "forward" else getattr(compiled, method)
                    actual.append(target(*arguments.positional, **arguments.keyword))
            except Exception as error:
                actual.append(error)
            finally:
                kept.restore()
        checks.append(
            verdict(check_name("torchscript", method), expected[method][:most], actual, relative_gate(tolerance))
        )
    return tuple(checks)


class ReloadedCheck:
    """The check of the saved file, run by a clean process while this one goes on with the conversion.

    With a large model this one waits, and its weights are out of memory until the clean process has answered.
    """

    def __init__(
        self,
        clean: CleanProcess,
        file: Path,
        entry: CompiledEntry | ExportedEntry,
        probes: Mapping[str, Sequence[Probe]],
    ):
        calls: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}
        for method, rows in probes.items():
            given = [_on_cpu(entry.arguments(method, probe.arguments)) for probe in rows]
            calls[method] = [(arguments.positional, arguments.keyword) for arguments in given]
        self._pool = ThreadPoolExecutor(max_workers=1)
        compiled = entry.compiled if isinstance(entry, CompiledEntry) else None
        weights = find_weights(compiled if isinstance(compiled, torch.nn.Module) else None, file)
        with weights.parked() if weights.is_worthwhile else contextlib.nullcontext():
            self._answer: Future[dict[str, list[Any]]] = self._pool.submit(clean.run, file, calls)
            if weights.is_worthwhile:
                wait([self._answer])

    def result(self, expected: Mapping[str, Sequence[Expected]], tolerance: float) -> tuple[Check, ...]:
        """Wait for the clean process and compare what it gave."""
        try:
            answers = self._answer.result()
        except Exception as error:
            reason = f"the saved file does not load in a process of its own: {first_line(error)}"
            return tuple(
                Check(name=check_name("reloaded", method), status="failed", reason=reason) for method in expected
            )
        finally:
            self._pool.shutdown(wait=False)
        return tuple(
            verdict(
                check_name("reloaded", method),
                expected[method],
                [row["output"] if "output" in row else RuntimeError(row["error"]) for row in answers[method]],
                relative_gate(tolerance),
            )
            for method in expected
        )


def not_reloaded(methods: Sequence[str], reason: str) -> tuple[Check, ...]:
    """Return the check as not run."""
    return tuple(not_run(check_name("reloaded", method), reason) for method in methods)


def _on_cpu(arguments: Arguments) -> Arguments:
    return Arguments(
        positional=map_tensors(arguments.positional, lambda tensor: tensor.detach().cpu()),
        keyword=map_tensors(arguments.keyword, lambda tensor: tensor.detach().cpu()),
    )


def check_name(check: str, method: str) -> str:
    """Return what a check of one method is called."""
    return check if method == "forward" else f"{check}.{method}"
