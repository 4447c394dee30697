"""Errors by layer and the advice that comes of them, in words; and the advice as an edit of the recipe."""

from msgspec.structs import replace

from ...core.recipe.model import Recipe
from ...core.results import Float32Suggestion, LayerError

LARGEST_HALF = 65504.0
SMALLEST_NORMAL_HALF = 2.0**-14


def float16_words(row: LayerError) -> str:
    """Return what float16 does to the numbers of a layer, in a few words; empty where it does nothing worth saying."""
    said = []
    for count, what in ((row.overflowing, "become infinite"), (row.underflowing, "become zero")):
        if count:
            said.append(f"{_share(count, row.elements)} {what}")
    losing = row.subnormal - row.underflowing
    if losing > 0:
        said.append(f"{_share(losing, row.elements)} lose digits")
    return ", ".join(said)


def _share(count: int, elements: int) -> str:
    percent = 100 * count / max(elements, 1)
    return f"{count} of {elements}" if percent < 1 else f"{percent:.0f} %"


def suggestion_words(suggestion: Float32Suggestion | None) -> str:
    """Return what keeping operations in float32 brings, as far as it was measured."""
    if suggestion is None or not suggestion.operations:
        return ""
    count = len(suggestion.operations)
    what = "one operation" if count == 1 else f"{count} operations"
    layers = list(dict.fromkeys(module or "the model itself" for module in suggestion.modules.values()))
    where = f" of {', '.join(layers[:3])}{' and others' if len(layers) > 3 else ''}"
    after = "exact" if suggestion.psnr_after_db is None else f"{suggestion.psnr_after_db:.0f} dB"
    before = "no finite numbers" if suggestion.psnr_before_db is None else f"{suggestion.psnr_before_db:.0f} dB"
    proof = "converted again and checked" if suggestion.is_verified else "simulated; exporting again will tell"
    enough = "" if suggestion.is_enough else " That is not enough to pass."
    return f"Keeping {what}{where} in 32 bit: {before} → {after} ({proof}).{enough}"


def with_suggestion(recipe: Recipe, suggestion: Float32Suggestion) -> Recipe:
    """Keep the suggested operations in float32, beside those that are kept already."""
    known = recipe.coreml.float32_operations
    more = tuple(name for name in suggestion.operations if name not in known)
    return replace(recipe, coreml=replace(recipe.coreml, float32_operations=(*known, *more)))
