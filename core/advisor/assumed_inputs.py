"""Inputs for a model that was given none: those that ``inspect`` suggests, told as an assumption."""

import msgspec

from ..diagnostics import Diagnostic, Severity
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..model_file.suggested import suggested_inputs
from ..recipe.model import Input, Recipe
from ..results import SuggestedInput


def with_assumed_inputs(recipe: Recipe, loaded: LoadedModel, context: JobContext) -> Recipe:
    """Return the recipe with the suggested inputs where it has none at all; each is reported."""
    if recipe.inputs:
        return recipe
    inputs = []
    for method in loaded.methods:
        for suggestion in suggested_inputs(loaded, recipe.model.arguments, method):
            inputs.append(_input_of(suggestion, method if len(loaded.methods) > 1 else None))
            shape = ",".join(map(str, msgspec.to_builtins(suggestion.shape)))
            dtype = "" if suggestion.dtype == "float32" else f":{suggestion.dtype}"
            context.report(
                Diagnostic(
                    code="inputs.assumed",
                    severity=Severity.NOTE,
                    message=f"No input was given; {suggestion.name}={shape}{dtype} was assumed: {suggestion.reason}.",
                    hint="Give the sizes that your app uses: --input, or the inputs table of the recipe.",
                )
            )
    return msgspec.structs.replace(recipe, inputs=tuple(inputs))


def _input_of(suggestion: SuggestedInput, method: str | None) -> Input:
    facts = msgspec.structs.asdict(suggestion)
    # Converted, not constructed: the name of the dtype meets the same rules as a recipe's.
    return msgspec.convert({**{key: facts[key] for key in ("name", "shape", "dtype", "high")}, "method": method}, Input)
