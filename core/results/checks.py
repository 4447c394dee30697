"""Numeric checks of an export, and what they found operation by operation."""

import msgspec


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One numeric comparison with the eager model.

    ``status`` is ``passed``, ``failed`` or ``not run``; a check that is not run has a ``reason`` and no numbers.
    """

    name: str
    """torchscript, reloaded, coreml, ..."""
    status: str
    reason: str | None = None
    probes: int = 0
    max_absolute_error: float | None = None
    max_relative_error: float | None = None
    psnr_db: float | None = None
    """None also where both sides are identical (infinite)."""
    threshold: str | None = None
    """The condition that was applied, as text: ``relative error <= 1e-05``."""
    output: str | None = None
    """Path of the worst output, ``out["boxes"][0]``."""
    probe: str | None = None
    """Description of the probe on which it was worst."""


class LayerError(msgspec.Struct, frozen=True, kw_only=True):
    """What one submodule gives on one probe, beside the value of the Core ML program that stands for it."""

    module: str
    """Path; ``""`` is the model itself."""
    type_name: str
    call: int = 0
    """Which call of the module, from 0."""
    value: str
    """Name of the value in the Core ML program."""
    operation: str
    """Type of the operation that makes the value."""
    file: str | None = None
    line: int | None = None
    max_absolute_error: float | None = None
    """Of the program in its own precision; None where it is infinite or no number."""
    max_relative_error: float | None = None
    """Of the largest magnitude that the module gives."""
    psnr_db: float | None = None
    """None where both sides are equal, or where one is infinite or no number."""
    float32_relative_error: float | None = None
    """The same, the program computed in float32: what is not rounding."""
    float32_psnr_db: float | None = None
    largest: float = 0.0
    """Magnitudes that the module gives; the smallest is of those that are not zero."""
    smallest: float = 0.0
    overflowing: int = 0
    """Elements beyond 65504, which float16 makes infinite."""
    subnormal: int = 0
    """Elements below 2**-14, of which float16 keeps fewer digits."""
    underflowing: int = 0
    """Elements below 2**-25, which float16 makes zero."""
    elements: int = 0


class Float32Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Operations to keep in float32 so that the rest may be float16."""

    operations: tuple[str, ...]
    """Names, in the order of the program, for ``[coreml] float32_operations``; empty where nothing is needed."""
    modules: dict[str, str | None]
    """Operation to submodule, as far as the package tells."""
    psnr_before_db: float | None
    """Of the worst output; None where it is not finite."""
    psnr_after_db: float | None
    is_enough: bool
    """Whether the threshold is reached."""
    tried: int
    """How many sets were measured."""
    is_verified: bool = False
    """Whether the model was converted again with them and passed its check; otherwise only a simulation tells."""
