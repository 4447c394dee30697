"""Which operations to keep in float32, found by measuring: each candidate set is run, and the outputs' error seen.

Keeping one means that its result is not rounded for its readers; see ``widening``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..results import Float32Suggestion
from .model import ReferenceModel, package_from
from .package import Package
from .precision import rounding_report
from .program import Block, walk
from .widening import is_half, widened

_TRIED_VALUES = 6
"""Values whose rounding is spared on trial in each turn, the most suspicious first."""


def suggest_float32(
    source: Any,
    data: Sequence[Mapping[str, Any]],
    *,
    threshold_db: float,
    function: str | None = None,
    largest: int = 24,
    checkpoint: Callable[[], None] = lambda: None,
) -> Float32Suggestion:
    """Return a smallest set of operations that, kept in float32, brings the outputs above the threshold.

    The set is grown by what helps most and then thinned: no operation in it can be left out. It is measured on the
    program with their values ``widened``, whose weights are those of the package; the conversion has to confirm it.

    Args:
        source: what ReferenceModel takes; its program computes in half precision.
        data: inputs, one set or several; the worst output of all counts.
        threshold_db: PSNR against the same program in float32.
        largest: give up beyond this many operations.
    """
    search = _Search(package_from(source), data, function, checkpoint)
    before = search.score(frozenset())
    kept, best = frozenset[str](), before
    while best < threshold_db and len(kept) < largest:
        step = search.step(kept, best, threshold_db)
        if step is None:
            break
        kept, best = step
    if best >= threshold_db:
        kept, best = search.thinned(kept, best, threshold_db)
    return Float32Suggestion(
        operations=tuple(name for name in search.order if name in kept),
        modules={name: search.modules[name] for name in search.order if name in kept},
        psnr_before_db=_finite(before),
        psnr_after_db=_finite(best),
        is_enough=best >= threshold_db,
        tried=search.tried,
    )


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None


class _Search:
    """Scores of candidate sets, each measured once."""

    def __init__(
        self,
        package: Package,
        data: Sequence[Mapping[str, Any]],
        function: str | None,
        checkpoint: Callable[[], None],
    ) -> None:
        self._package = package
        self._data = data
        self._function = function
        self._checkpoint = checkpoint
        exact = ReferenceModel(package, function=function, precision="float32")
        self._expected = [exact.predict(item, exact.make_state(), checkpoint=checkpoint) for item in data]
        self._makers = _makers(exact.body)
        halves = [
            item for item in walk(exact.body) if item.type != "const" and item.outputs and is_half(item.outputs[0])
        ]
        self.order = list(dict.fromkeys(self._makers[item.label] for item in halves))
        modules = {item.label: item.module for item in walk(exact.body) if item.outputs}
        self.modules = {name: modules.get(name) for name in self.order}
        self._sources = _sources(exact.body, self._makers)
        self._scores: dict[frozenset[str], float] = {}

    @property
    def tried(self) -> int:
        return len(self._scores)

    def score(self, kept: frozenset[str]) -> float:
        """Return the worst PSNR of the outputs; minus infinity where one is not finite and should be."""
        if kept not in self._scores:
            model = ReferenceModel(widened(self._package, kept), function=self._function)
            self._scores[kept] = min(
                _worst_psnr(model.predict(item, model.make_state(), checkpoint=self._checkpoint), expected)
                for item, expected in zip(self._data, self._expected, strict=True)
            )
        return self._scores[kept]

    def step(self, kept: frozenset[str], best: float, threshold_db: float) -> tuple[frozenset[str], float] | None:
        """Return a larger set and its score, or None where nothing helps."""
        overflowing = self._overflow(kept)
        if overflowing is not None:
            larger = kept | {overflowing}
            return larger, self.score(larger)
        found: tuple[frozenset[str], float] | None = None
        for name in self._suspects(kept):
            larger = kept | {name}
            score = self.score(larger)
            if found is None or score > found[1]:
                found = larger, score
            if score >= threshold_db:
                break
        return found if found is not None and found[1] > best + 0.1 else None

    def thinned(self, kept: frozenset[str], best: float, threshold_db: float) -> tuple[frozenset[str], float]:
        for name in [item for item in self.order if item in kept]:
            score = self.score(kept - {name})
            if score >= threshold_db:
                kept, best = kept - {name}, score
        return kept, best

    def _overflow(self, kept: frozenset[str]) -> str | None:
        """Return the first value that overflows although float32 keeps it finite, if its operation is not yet kept."""
        for item in self._data:
            report = rounding_report(
                widened(self._package, kept), item, function=self._function, checkpoint=self._checkpoint
            )
            for row in report.rows:
                name = self._makers.get(row.name, row.name)
                if row.is_overflow and name in self.modules and name not in kept:
                    return name
        return None

    def _suspects(self, kept: frozenset[str]) -> list[str]:
        """Return the values to spare, those first at which most of the error comes in."""
        report = rounding_report(
            widened(self._package, kept), self._data[0], function=self._function, checkpoint=self._checkpoint
        )
        errors = {self._makers.get(row.name, row.name): row.max_relative_error for row in report.rows}
        added = {
            name: errors.get(name, 0.0)
            - max((errors.get(other, 0.0) for other in self._sources.get(name, ())), default=0.0)
            for name in self.order
        }
        # The rounding that hurts is often just before the value at which it shows.
        shown = sorted(added, key=lambda name: added[name], reverse=True)[:_TRIED_VALUES]
        candidates = [name for late in shown for name in (*self._sources.get(late, ()), late)]
        open_ones = [name for name in dict.fromkeys(candidates) if name in self.modules and name not in kept]
        return open_ones[: 2 * _TRIED_VALUES]


def _makers(body: Block) -> dict[str, str]:
    """Return for every value the one that it is: a cast to half is its own source, rounded."""
    makers: dict[str, str] = {}
    for item in walk(body):
        source = item.inputs.get("x", ())
        is_cast = item.type == "cast" and item.outputs and is_half(item.outputs[0])
        for named in item.outputs:
            given = source[0] if is_cast and source and isinstance(source[0], str) else named.name
            # An input of the program has no operation that could be kept in float32.
            makers[named.name] = makers.get(given, named.name)
    return makers


def _sources(body: Block, makers: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each value those that its operation reads."""
    return {
        item.label: [
            makers[name]
            for bindings in item.inputs.values()
            for name in bindings
            if isinstance(name, str) and name in makers
        ]
        for item in walk(body)
        if item.outputs and item.type not in ("const", "cast")
    }


def _worst_psnr(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    worst = math.inf
    for name, wanted in expected.items():
        if not isinstance(wanted, np.ndarray) or wanted.dtype.kind != "f":
            continue
        reference, value = wanted.astype(np.float64), np.asarray(actual[name], np.float64)
        both = np.isfinite(reference) & np.isfinite(value)
        if reference.shape != value.shape or (not both.all() and bool((np.isfinite(reference) & ~both).any())):
            return -math.inf
        error = float(np.sqrt(np.square(value - reference)[both].mean())) if both.any() else 0.0
        largest = float(np.abs(reference[both]).max()) if both.any() else 0.0
        if error:
            worst = min(worst, 20 * math.log10(largest / error) if largest else -math.inf)
    return worst
