"""Advice for a model of a file, in this process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exportdesk.core.advisor.advise import run_advise
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.input_text import parse_input
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.results import Advice


def advise_file(file: Path, entry: str, inputs: Sequence[str], **model: Any) -> Advice:
    """Return the advice for an entry; ``inputs`` are texts as ``--input`` takes them."""
    recipe = Recipe(
        model=Model(file=str(file), entry=entry, **model), inputs=tuple(parse_input(text) for text in inputs)
    )
    return run_advise(recipe, file.parent, JobContext())


def scripted(advice: Advice) -> set[str]:
    """Return the paths that the advice marks as script."""
    return {path for path, mark in advice.marks.items() if mark == "script"}
