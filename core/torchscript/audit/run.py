"""All findings of the audit about one exported method."""

from collections.abc import Iterator
from typing import Any

import msgspec
import torch

from ...diagnostics import Diagnostic
from ...errors import ExportDeskError
from ...inputs.binding import Arguments
from ...job_context import JobContext
from ...model_file.loading import LoadedModel
from ...recipe.model import Recipe
from ..compile import CompiledEntry, MethodExample, compile_entry
from ..eager import EagerModel
from .graph_findings import draws_random_numbers, graph_findings
from .other_device import other_device_findings
from .size_findings import SizeAudit


def audit(
    loaded: LoadedModel,
    entry: CompiledEntry,
    method: str,
    example: Arguments,
    recipe: Recipe,
    context: JobContext,
    *,
    is_repeatable: bool,
) -> None:
    """Report what of the example and of this machine is part of the file, each with module, line and consequence.

    Args:
        is_repeatable: whether the model gives the same numbers again; of others only the shapes are compared, and
            whether the file runs at all.
    """
    for diagnostic in _findings(loaded, entry, method, example, recipe, context, is_repeatable):
        context.report(diagnostic)


def _findings(
    loaded: LoadedModel,
    entry: CompiledEntry,
    method: str,
    example: Arguments,
    recipe: Recipe,
    context: JobContext,
    is_repeatable: bool,
) -> Iterator[Diagnostic]:
    compiled: Any = entry.compiled
    graph = (getattr(compiled, method) if isinstance(compiled, torch.nn.Module) else compiled).inlined_graph
    yield from graph_findings(compiled, graph, is_repeatable=is_repeatable)
    has_numbers = is_repeatable and not draws_random_numbers(graph)
    if has_numbers:
        yield from other_device_findings(entry, method, example, recipe)
    if loaded.is_script:
        return  # without the model itself, nothing says what other sizes should give

    def recompile(arguments: Arguments) -> CompiledEntry | None:
        options = msgspec.structs.replace(recipe.torchscript, check_trace=False)
        try:
            examples = {method: MethodExample(calls=[arguments])}
            return compile_entry(loaded, dict(recipe.marks), examples, options, _Quiet(context))
        except ExportDeskError:
            return None

    state: Any = torch.get_rng_state()
    try:
        sizes = SizeAudit(
            model=EagerModel(loaded),
            root=loaded.module,
            entry=entry,
            method=method,
            example=example,
            recompile=recompile,
            compares_numbers=has_numbers,
        )
        yield from sizes.findings()
    finally:
        torch.set_rng_state(state)


class _Quiet(JobContext):
    """Keeps what it is told to itself; a cancel of the job reaches it."""

    def __init__(self, outer: JobContext) -> None:
        super().__init__(outer.job)
        self._outer = outer

    def checkpoint(self) -> None:
        self._outer.checkpoint()
