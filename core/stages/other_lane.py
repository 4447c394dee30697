"""After a failure in one lane: would the other one do?"""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from ..errors import Cancelled, ExportDeskError
from ..exported.program import ExportedEntry, export_method
from ..inputs.nested import flatten
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Recipe
from ..torchscript.eager import run_eager
from .coreml_lane import ConversionSource, convert_and_save
from .prepared import Prepared

_OF_TORCHSCRIPT = ("trace.", "script.", "convert.", "torchscript.")


def offer_other_lane(
    error: ExportDeskError, loaded: LoadedModel, prepared: Prepared, recipe: Recipe, folder: Path, context: JobContext
) -> None:
    """Add to the hint of a failure of TorchScript or its conversion that torch.export would do, if it does.

    It is tried: the model is exported, and converted, into a folder that is thrown away. Its numbers are not checked.
    """
    failure = error.failure
    if recipe.lane != "torchscript" or not failure.code.startswith(_OF_TORCHSCRIPT) or loaded.is_script:
        return
    context.progress(None, "trying whether torch.export would do")
    try:
        with _unheard():
            _try(loaded, prepared, recipe, folder, context.quiet())
    except Cancelled:
        raise
    except Exception:
        return  # the failure that there is says more than a second one
    done = "exports and converts" if recipe.coreml.enabled else "exports"
    offer = f'torch.export {done} this model: choose lane = "torch.export" (--lane torch.export).'
    error.failure = msgspec.structs.replace(failure, hint=f"{failure.hint} {offer}" if failure.hint else offer)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keep what torch.export prints and logs on its way to a failure, whole graphs among it, from the user's log."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(level)


def _try(loaded: LoadedModel, prepared: Prepared, recipe: Recipe, folder: Path, context: JobContext) -> None:
    examples = {method: rows[0].arguments for method, rows in prepared.probes.items()}
    programs = {
        method: export_method(loaded, method, prepared.bindings[method], [probe.arguments for probe in rows])
        for method, rows in prepared.probes.items()
    }
    if not recipe.coreml.enabled:
        return
    source = ConversionSource(
        entry=ExportedEntry(programs=programs),
        bindings=prepared.bindings,
        examples=examples,
        output_paths={
            method: tuple(path for path, _ in flatten(run_eager(loaded, method, arguments)))
            for method, arguments in examples.items()
        },
        folder=folder,
    )
    with TemporaryDirectory(prefix="exportdesk-") as scratch:
        convert_and_save(source=source, recipe=recipe, stem=Path(scratch) / "tried", context=context)
