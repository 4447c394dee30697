"""After a failure in one lane: would the other one do?"""

import msgspec

from .errors import ExportDeskError
from .job_context import JobContext
from .model_file.loading import LoadedModel
from .prepared import Prepared
from .recipe.model import Recipe

_OF_TORCHSCRIPT = ("trace.", "script.", "convert.", "torchscript.")


def offer_other_lane(
    error: ExportDeskError, loaded: LoadedModel, prepared: Prepared, recipe: Recipe, context: JobContext
) -> None:
    """Add to the hint of a failure of TorchScript or its conversion that torch.export would get further, if it would.

    It is tried: the model is exported and its operations are looked up; only the conversion itself is not run.
    """
    failure = error.failure
    if recipe.lane != "torchscript" or not failure.code.startswith(_OF_TORCHSCRIPT) or loaded.is_script:
        return
    context.progress(None, "trying whether torch.export would do")
    try:
        is_convertible = _would_do(loaded, prepared, recipe)
    except Exception:
        return  # the failure that there is says more than a second one
    if is_convertible is None:
        return
    words = "exports this model" + (", and Core ML has all its operations" if is_convertible else "")
    offer = f'torch.export {words}: choose lane = "torch.export" (--lane torch.export).'
    error.failure = msgspec.structs.replace(failure, hint=f"{failure.hint} {offer}" if failure.hint else offer)


def _would_do(loaded: LoadedModel, prepared: Prepared, recipe: Recipe) -> bool | None:
    """Return whether the model would be converted too; None where that is what is missing."""
    from .exported.program import export_method

    programs = [
        export_method(loaded, method, prepared.bindings[method], [probe.arguments for probe in prepared.probes[method]])
        for method in loaded.methods
    ]
    if not recipe.coreml.enabled:
        return False
    from .coreml.exported import decompose, obstacles
    from .coreml.exported_places import Places

    decomposed = [decompose(program) for program in programs]
    return None if any(list(obstacles(one, Places(one.graph))) for one in decomposed) else True
