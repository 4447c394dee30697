"""The ``torch.export`` side of an export: a program a method, saved, checked in memory and from its file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checks.probes import without_unrepeatable
from ..checks.torchscript import ReloadedCheck, check_name, not_reloaded
from ..checks.verdict import Expected, relative_gate, verdict
from ..diagnostics import Diagnostic, Severity
from ..errors import fail
from ..exported import torch_export
from ..exported.program import ExportedEntry, export_method
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..results import Check
from ..torchscript.clean_process import CleanProcess
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from .lane import LaneMade
from .prepared import Prepared


def export_methods(loaded: LoadedModel, prepared: Prepared, recipe: Recipe, context: JobContext) -> ExportedEntry:
    """Export every method that the recipe asks for.

    Raises:
        ExportDeskError: ``export.*``, with file and line.
    """
    if recipe.marks:
        context.report(_marks_do_not_apply(list(recipe.marks)))
    programs = {}
    for method in loaded.methods:
        context.progress(None, f"torch.export of {loaded.entry or method}")
        calls = [probe.arguments for probe in prepared.probes[method]]
        programs[method] = export_method(loaded, method, prepared.bindings[method], calls)
    return ExportedEntry(programs=programs)


class ExportRun:
    """Saves what was exported, and checks it; a clean process checks the files while the caller goes on."""

    def __init__(
        self,
        loaded: LoadedModel,
        prepared: Prepared,
        expected: Mapping[str, Sequence[Expected]],
        entry: ExportedEntry,
        recipe: Recipe,
        clean: CleanProcess,
        context: JobContext,
    ) -> None:
        self.entry, self.expected = entry, expected
        self._loaded, self._prepared = loaded, prepared
        self._recipe, self._clean, self._context = recipe, clean, context
        self._reloaded: dict[str, ReloadedCheck] = {}
        self._in_memory: tuple[Check, ...] = ()
        self._files: dict[str, Path] = {}

    def start(self, stem: Path) -> None:
        """Write the files and check the programs in memory."""
        with self._context.stage("save"):
            for method, program in self.entry.programs.items():
                self._files[method] = self.entry.file_of(method, stem)
                _save(program, self._files[method])
        if self._recipe.model.device == "cpu":
            with self._context.stage("check-reloaded"):
                for method, file in self._files.items():
                    rows = {method: self._prepared.all_probes[method]}
                    self._reloaded[method] = ReloadedCheck(self._clean, file, self.entry, rows)
        with self._context.stage("check-exported"):
            most = 1 if self._reloaded else None
            self._in_memory = tuple(self._check_in_memory(method, most) for method in self.entry.programs)

    def finish(self) -> LaneMade:
        """Wait for the clean process, and compare what it gave."""
        expected = dict(self.expected)
        with self._context.stage("check-reloaded"):
            from_file = list(not_reloaded(self._loaded.methods, f"the model is on {self._recipe.model.device}"))
            if self._reloaded:
                from_file = [self._from_file(method, expected) for method in self._reloaded]
        names = {
            self.entry.kind if len(self._files) == 1 else f"{self.entry.kind}.{method}": file.name
            for method, file in self._files.items()
        }
        checks = (*self._in_memory, *from_file)
        return LaneMade(entry=self.entry, files=names, expected=expected, checks=checks)

    def _from_file(self, method: str, expected: dict[str, Sequence[Expected]]) -> Check:
        tolerance = self._recipe.torchscript.check_tolerance
        [check] = self._reloaded[method].result({method: expected[method]}, tolerance)
        if check.status == "failed":
            rows = self._prepared.all_probes[method]
            expected[method] = without_unrepeatable(self._loaded, method, rows, expected[method])
            [check] = self._reloaded[method].result({method: expected[method]}, tolerance)
        return check

    def _check_in_memory(self, method: str, most: int | None) -> Check:
        rows = self._prepared.all_probes[method][:most]
        module = torch_export.module_of(self.entry.programs[method])
        actual: list[Any] = []
        for index, probe in enumerate(rows):
            self._context.progress(index / len(rows), f"exported program, probe {index + 1} of {len(rows)}")
            if self.expected[method][index].problem is not None:
                actual.append(None)
                continue
            arguments = fresh(probe.arguments)
            try:
                with inference(), state_kept(module):
                    actual.append(module(*arguments.positional, **arguments.keyword))
            except Exception as error:
                actual.append(error)
        gate = relative_gate(self._recipe.torchscript.check_tolerance)
        return verdict(check_name("exported", method), self.expected[method][:most], actual, gate)


def _save(program: Any, file: Path) -> None:
    try:
        torch_export.save(program, file)
    except Exception as error:
        fail(
            "export.save",
            f"The exported program cannot be saved: {str(error).splitlines()[0]}",
            file=str(file),
            hint='Check that there is room on the disk; otherwise export in the lane "torchscript".',
            cause=error,
        )


def _marks_do_not_apply(marks: Sequence[str]) -> Diagnostic:
    shown = ", ".join(repr(path) if path else "the model" for path in marks[:4]) + (" …" if len(marks) > 4 else "")
    return Diagnostic(
        code="export.marks",
        severity=Severity.WARNING,
        message=f"The marks of {shown} do not apply: torch.export makes one program of the whole model.",
        module=marks[0],
        hint='Choose the lane "torchscript" to have submodules scripted, or remove the marks.',
    )
