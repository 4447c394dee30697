"""What the advisor found, with its evidence."""

import msgspec

from ..diagnostics import Diagnostic
from ..recipe.model import Recipe
from .result import Result


class ShownProbe(msgspec.Struct, frozen=True, kw_only=True):
    """An input that shows something; it is made again by its description's seed, or kept in ``file``."""

    description: str
    method: str = "forward"
    shapes: tuple[tuple[int, ...], ...] = ()
    dtypes: tuple[str, ...] = ()
    file: str | None = None
    """A ``.npz`` with the tensors by input name, where it was asked for."""
    names: tuple[str, ...] = ()
    """Of the inputs, as in ``file``."""


class DoubtfulPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A line at which a tensor becomes a Python value, tested by experiment."""

    module: str
    file: str | None
    line: int | None
    source: str | None
    kind: str
    """bool, number, index, values or size."""
    verdict: str
    """harmless, changes the output, depends on shape only, could not be decided."""
    evidence: str
    probe: ShownProbe | None = None
    expected: str | None = None
    """What the model gives for the probe, in short."""
    actual: str | None = None
    """What it gives with the value frozen, in short."""


class Culprit(msgspec.Struct, frozen=True, kw_only=True):
    """A submodule that a trace would get wrong, with what shows it."""

    module: str
    """Path; ``""`` is the model itself."""
    type_name: str
    file: str | None
    line: int | None
    source: str | None
    evidence: str
    probe: ShownProbe | None = None
    expected: str | None = None
    actual: str | None = None
    is_scripted: bool = False
    """Whether the recommended marks script it."""


class EnvelopePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The artefact compared with the model at one point of an axis."""

    axis: str
    """``batch``, ``x[2]`` (a dimension of an input), ``scale``, ``dtype`` or ``device``."""
    value: str
    agrees: bool | None
    """None where it could not be run: the model itself does not run there, or the machine has no such device."""
    error: float | None = None
    """Largest relative error."""
    reason: str | None = None


class Advice(Result, frozen=True, kw_only=True, tag="advice"):
    """Which submodules to script, and what that rests on."""

    marks: dict[str, str]
    """Module path to ``script`` or ``trace``; empty where nothing need be scripted, or where nothing was verified."""
    culprits: tuple[Culprit, ...]
    is_verified: bool = msgspec.field(name="verified")
    """Whether the model compiled with ``marks`` agrees with the model itself on every probe."""
    probe_count: int = msgspec.field(name="probes")
    diagnostics: tuple[Diagnostic, ...]
    recipe: Recipe
    """The recipe with the marks applied."""
    places: tuple[DoubtfulPlace, ...] = ()
    envelope: tuple[EnvelopePoint, ...] = ()
    seconds: dict[str, float] = msgspec.field(default_factory=dict)
