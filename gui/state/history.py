"""Exports of the past: what came of each, kept between sessions."""

from typing import Literal

import msgspec

from ...core.errors import ExportDeskError
from ...core.recipe.document import parse_recipe
from ...core.recipe.model import Recipe

Outcome = Literal["good", "check failed", "failed"]
HISTORY_LIMIT = 60
"""Records that are kept, of all documents together."""


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One export, as it ended."""

    document: str
    """Absolute path of the recipe, or of the model file where there was none."""
    at: str
    """Local time, ``2026-11-22 14:05:09``."""
    outcome: Outcome
    message: str = ""
    """What failed."""
    out: str = ""
    seconds: float = 0.0
    sizes_bytes: dict[str, int] = {}
    """``torchscript``, ``coreml``."""
    passed: int = 0
    checked: int = 0
    psnr_db: float | None = None
    """Of the worst check that has one."""
    recipe: str
    """TOML text, its paths relative to the document's folder."""


def records_of(stored: object) -> tuple[ExportRecord, ...]:
    """Read what a former session stored, newest first; what cannot be read is left out."""
    found = []
    for item in stored if isinstance(stored, list) else ():
        try:
            found.append(msgspec.convert(item, ExportRecord))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def recipe_of(record: ExportRecord) -> Recipe | None:
    """Return the recipe of an export, None where this ExportDesk cannot read it any more."""
    try:
        return parse_recipe(record.recipe)
    except ExportDeskError:
        return None
