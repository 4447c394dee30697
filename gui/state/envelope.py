"""How far the exported model agrees with the model itself, as axes with a region and a first failure; no Qt here."""

import math

import msgspec

from ...core.results import Advice, EnvelopePoint

_TITLES = {
    "batch": "Batch size",
    "scale": "Scale of the values",
    "dtype": "Type of the inputs",
    "device": "Device",
}
_CATEGORIES = ("dtype", "device")
EXACT = 1e-8
"""Where an error of zero is drawn, on an axis of powers of ten."""


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One axis: its points in order."""

    name: str
    points: tuple[EnvelopePoint, ...]

    @property
    def title(self) -> str:
        return _TITLES.get(self.name, f"Size of {self.name}")

    @property
    def is_category(self) -> bool:
        """Whether its values are names, and not numbers."""
        return self.name in _CATEGORIES

    @property
    def is_logarithmic(self) -> bool:
        return self.name == "scale"

    @property
    def positions(self) -> tuple[float, ...]:
        """Return where each point lies along the axis."""
        if self.is_category:
            return tuple(map(float, range(len(self.points))))
        values = [float(point.value) for point in self.points]
        return tuple(math.log10(value) for value in values) if self.is_logarithmic else tuple(values)

    @property
    def regions(self) -> tuple[tuple[float, float], ...]:
        """Return the stretches of neighbouring points that agree, as first and last position."""
        found: list[tuple[float, float]] = []
        is_open = False
        for position, point in zip(self.positions, self.points, strict=True):
            if point.agrees:
                found = [*found[:-1], (found[-1][0], position)] if is_open else [*found, (position, position)]
            is_open = bool(point.agrees)
        return tuple(found)

    @property
    def first_failure(self) -> EnvelopePoint | None:
        return next((point for point in self.points if point.agrees is False), None)

    @property
    def agreement(self) -> str:
        """Return the values that agree, in words."""
        good = [point.value for point in self.points if point.agrees]
        if not good:
            return "nowhere that was tried" if any(p.agrees is False for p in self.points) else "not run"
        has_all = len(good) == sum(point.agrees is not None for point in self.points)
        if self.is_category or not has_all or len(good) < 3:
            return ", ".join(good)
        return f"{good[0]} to {good[-1]}"


def axes(advice: Advice) -> tuple[Axis, ...]:
    """Return the measured axes in the order in which they were measured."""
    names = dict.fromkeys(point.axis for point in advice.envelope)
    return tuple(
        Axis(name=name, points=tuple(point for point in advice.envelope if point.axis == name)) for name in names
    )


def drawn_error(point: EnvelopePoint) -> float:
    """Return the height of a point: the power of ten of its error; a failure without a number lies at the top."""
    if point.error is None:
        return 1.0 if point.agrees is False else math.log10(EXACT)
    return min(1.0, math.log10(max(point.error, EXACT)))
