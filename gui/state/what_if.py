"""Choices of compression side by side, in words; no Qt here."""

import msgspec

from ...core.recipe.model import Recipe
from ...core.results import CompressionReport, CompressionTrial

_METHODS = {
    "palettize": "table of {values} values",
    "quantize": "{bits} bits",
    "prune": "{share:.0%} of the weights zero",
}
_OF = {"tensor": "", "channel": " a channel", "block": " a block of {size}", "group": " for {size} channels"}


def title(trial: CompressionTrial) -> str:
    """Return what a choice does, in words: ``table of 16 values, then 8 bits a channel``."""
    if not trial.steps:
        return "as it is"
    parts = []
    for step in trial.steps:
        text = _METHODS[step.method].format(values=2**step.bits, bits=step.bits, share=step.sparsity)
        is_shared = step.method == "prune" or (step.method == "quantize" and step.granularity == "channel")
        parts.append(text if is_shared else text + _OF[step.granularity].format(size=step.size))
    return ", then ".join(parts)


def summary(report: CompressionReport) -> str:
    """Return what the whole table says."""
    samples = "1 sample" if report.samples == 1 else f"{report.samples} samples"
    base = f"Each choice was run on {samples} and compared with your model; good is {report.limit_db:g} dB or more."
    if not any(trial.compressed_weights for trial in report.trials):
        return f"{base} No weight of this model could be compressed; the small ones are left as they are."
    best = next((trial for trial in report.trials if trial.label == report.smallest_good), None)
    if best is None:
        return f"{base} No choice is good."
    share = best.size_bytes / report.trials[0].size_bytes
    return f"{base} The smallest good one has {share:.0%} of the size: {title(best)}."


def with_compression(recipe: Recipe, trial: CompressionTrial) -> Recipe:
    """Return the recipe with a choice."""
    return msgspec.structs.replace(recipe, coreml=msgspec.structs.replace(recipe.coreml, compression=trial.steps))


def points(report: CompressionReport) -> tuple[tuple[int, float, CompressionTrial], ...]:
    """Return size in bytes and PSNR of each choice that has both."""
    return tuple(
        (trial.size_bytes, trial.psnr_db, trial)
        for trial in report.trials
        if trial.psnr_db is not None and trial.problem is None
    )
