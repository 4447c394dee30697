"""The TorchScript side of an export: compiled as the marks say, saved, checked in memory and from its file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..checks.probes import eager_answers, without_unrepeatable
from ..checks.torchscript import ReloadedCheck, check_compiled, not_reloaded
from ..checks.verdict import Expected
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..results import Check
from ..torchscript.audit.run import audit
from ..torchscript.clean_process import CleanProcess
from ..torchscript.compile import CompiledEntry
from ..torchscript.script_file import save_compiled
from ..torchscript.tracer_warnings import warnings_as_diagnostics
from .lane import LaneMade
from .prepared import Prepared

_PROBES_IN_MEMORY = 1


class ScriptRun:
    """Saves what was compiled, and checks it; a clean process checks the file while the caller goes on.

    Args:
        expected: answers of the model to the first probes of each method; the others are asked for here.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        prepared: Prepared,
        expected: Mapping[str, Sequence[Expected]],
        entry: CompiledEntry,
        recipe: Recipe,
        clean: CleanProcess,
        context: JobContext,
    ) -> None:
        self.entry, self.expected = entry, dict(expected)
        self._loaded, self._prepared = loaded, prepared
        self._recipe, self._clean, self._context = recipe, clean, context
        self._reloaded: ReloadedCheck | None = None
        self._in_memory: tuple[Check, ...] = ()
        self._file = Path()

    def start(self, stem: Path) -> None:
        """Write the file, run the model on the probes that are left, and check the module in memory."""
        context, prepared, entry = self._context, self._prepared, self.entry
        self._file = file = stem.with_name(f"{stem.name}.pt")
        with context.stage("save"):
            examples = {method: rows[0].arguments for method, rows in prepared.probes.items()}
            save_compiled(
                entry.compiled, file, {method: entry.arguments(method, call) for method, call in examples.items()}
            )
        if self._recipe.model.device == "cpu":
            with context.stage("check-reloaded"):
                self._reloaded = ReloadedCheck(self._clean, file, entry, prepared.all_probes)
        with (
            context.stage("eager"),
            warnings_as_diagnostics(self._loaded.module, context.report, fallback_module=""),
        ):
            for method, rows in prepared.all_probes.items():
                known = self.expected[method]
                self.expected[method] = eager_answers(self._loaded, method, rows, context, known=known)
        with context.stage("check-torchscript"):
            # The same graph is run on all probes from its file, beside the conversion; here, on the first ones.
            most = _PROBES_IN_MEMORY if self._reloaded is not None else None
            self._in_memory = self._check_in_memory(self.expected, most)
        with context.stage("audit"):
            for method, probes in prepared.probes.items():
                is_repeatable = self.expected[method][0].problem is None
                arguments = probes[0].arguments
                audit(self._loaded, entry, method, arguments, self._recipe, context, is_repeatable=is_repeatable)

    def finish(self) -> LaneMade:
        """Wait for the clean process, and compare what it gave."""
        in_memory, expected = self._in_memory, self.expected
        with self._context.stage("check-reloaded"):
            if self._reloaded is None:
                reason = f"the model is on {self._recipe.model.device}"
                from_file = not_reloaded(self._loaded.methods, reason)
            else:
                tolerance = self._recipe.torchscript.check_tolerance
                from_file = self._reloaded.result(expected, tolerance)
                if any(check.status == "failed" for check in from_file):
                    rows = self._prepared.all_probes
                    expected = {
                        method: without_unrepeatable(self._loaded, method, rows[method], answers)
                        for method, answers in expected.items()
                    }
                    from_file = self._reloaded.result(expected, tolerance)
                    # Is it the file, or the model that was saved? All probes tell.
                    in_memory = self._check_in_memory(expected, None)
        return LaneMade(
            entry=self.entry, files={"torchscript": self._file.name}, expected=expected, checks=(*in_memory, *from_file)
        )

    def _check_in_memory(self, expected: Mapping[str, Sequence[Expected]], most: int | None) -> tuple[Check, ...]:
        tolerance = self._recipe.torchscript.check_tolerance
        return check_compiled(self.entry, self._prepared.all_probes, expected, tolerance, self._context, most=most)
