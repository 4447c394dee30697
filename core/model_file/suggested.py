"""Suggested inputs for a loaded model."""

from ..results import SuggestedInput
from .loading import LoadedModel


def suggested_inputs(loaded: LoadedModel) -> tuple[SuggestedInput, ...]:
    return ()
