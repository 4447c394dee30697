"""Choices of smaller weights, each with its size and its error."""

import msgspec

from ..recipe.model import CoreMLCompression, Recipe
from .result import Result


class CompressionTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A package compressed in one way; numbers are against the model itself, on the bundle's samples."""

    label: str
    """``palettize:4``, ``prune:0.5+quantize:8``; ``as it is`` for the package of the bundle."""
    steps: tuple[CoreMLCompression, ...]
    problem: str | None = None
    """Why there is no such package, or why its answers cannot be compared."""
    size_bytes: int = 0
    """Of the whole package."""
    compressed_weights: int = 0
    psnr_db: float | None = None
    """Of the worst output; None where both sides are equal, or where one is infinite or no number."""
    max_absolute_error: float | None = None
    max_relative_error: float | None = None
    seconds: float = 0.0
    """That the compression took."""
    run_seconds: float = 0.0
    """That reference execution took on all samples; it says nothing of a device."""
    is_good: bool = False
    """Whether the PSNR reaches the limit."""


class WeightSensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs to compress one weight, and nothing else."""

    weight: str
    """Name of its operation, for ``skip``."""
    module: str | None
    elements: int
    is_compressed: bool = False
    psnr_db: float | None = None
    problem: str | None = None


class CompressionReport(Result, frozen=True, kw_only=True, tag="compression"):
    """Choices of compression side by side."""

    bundle: str
    trials: tuple[CompressionTrial, ...]
    """The package as it is, then each choice in the order asked for."""
    limit_db: float
    """The least PSNR that counts as good."""
    samples: int
    smallest_good: str | None
    """Label of the smallest package that is good."""
    layers_of: str | None = None
    layers: tuple[WeightSensitivity, ...] = ()
    """The most sensitive weight first; of many weights, the largest only."""
    recipe: Recipe
    """Of the bundle."""
