"""The job behind ``inspect``: a model loaded and described."""

from pathlib import Path

from .diagnostics import Diagnostic, Severity
from .errors import ExportDeskError
from .job_context import JobContext
from .model_file.loading import LoadedModel, load_model, model_path
from .model_file.module_tree import buffer_rows, module_rows, parameters_of
from .model_file.outline import read_outline
from .model_file.suggested import suggested_inputs
from .model_file.user_imports import user_imports
from .recipe.model import Recipe
from .results import Inspection


def inspect_model(recipe: Recipe, folder: Path, context: JobContext) -> Inspection:
    """Load a model and describe it.

    Where the recipe names no entry and none can be made without being told more, the entries alone are returned, with
    a diagnostic that says what is missing.

    Raises:
        ExportDeskError: as ``load_model``.
    """
    with context.stage("load"):
        file = model_path(recipe, folder)
        entries = read_outline(file) if file.suffix == ".py" else ()
        try:
            with user_imports(file):
                return _describe(load_model(recipe, folder), recipe, Inspection(file=str(file), entries=entries))
        except ExportDeskError as error:
            if recipe.model.entry or error.failure.exit_code != 2 or not entries:
                raise
            failure = error.failure
    diagnostic = Diagnostic(
        code=failure.code,
        severity=Severity.NOTE,
        message=failure.message,
        file=failure.file,
        line=failure.line,
        hint=failure.hint,
    )
    context.report(diagnostic)
    return Inspection(file=str(file), entries=entries, diagnostics=context.diagnostics)


def _describe(loaded: LoadedModel, recipe: Recipe, found: Inspection) -> Inspection:
    import msgspec

    module = loaded.module
    rows = () if module is None else module_rows(module)
    return msgspec.structs.replace(
        found,
        entry=loaded.entry,
        modules=rows,
        signature=parameters_of(loaded.signature(loaded.methods[0])),
        suggested_inputs=suggested_inputs(loaded, recipe.model.arguments, loaded.methods[0]),
        parameter_count=rows[0].parameter_count if rows else 0,
        buffers=() if module is None else buffer_rows(module),
    )
