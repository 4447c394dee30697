"""Gates for a Core ML program, set for each model from what rounding does to the model itself.

One number cannot serve all models: 1 % off in a layer norm is 49 dB in a network whose right conversion has 75 dB, and
a right conversion of a model with cancellation has 45 dB. So the model is run rounded (see ``rounding``), and a program
may be off by a small multiple of what that changes.
"""

import math
from statistics import median

from ..inputs.nested import flatten
from ..job_context import JobContext
from .compare import Comparison, Unlike, compare_all, compare_tensors
from .package_runs import PackageRuns
from .rounding import Rounds
from .verdict import Gate, share

FACTOR = 2.5
"""How much more a right program may be off than what rounding its constants was seen to change: rounding is measured
on few runs, and folding (of a batch norm into a convolution) rounds other numbers than the model's own."""
ARITHMETIC = 2e-5
"""Relative error of float32 arithmetic done in another order; right float32 programs were measured at up to 3e-6."""
FLOAT32_TOLERANCE = 2e-5
"""Relative error that a float32 program may have without a second look."""
LARGEST_TOLERANCE = 0.02
"""Beyond this no rounding is excused: the package is not the model any more, whatever the reason."""
FLOAT16_PSNR_DB = 60.0
"""What a float16 program must reach without a second look."""
LOWEST_PSNR_DB = 40.0
"""What it must reach whatever its model is like."""
MARGIN_DB = 10.0
"""How much less it may reach than the model with all its values rounded to float16."""
_MORE_RUNS = 4
_USUAL_PROBES = 4
"""On which the model is run rounded in any case; others follow where they are off by more than is usual there."""


class RoundingGates:
    """The gates of one method of a model on its probes; what they need is measured when it is first asked for."""

    def __init__(self, runs: PackageRuns, context: JobContext) -> None:
        self._runs, self._context = runs, context
        self._constants: dict[int, dict[str, Comparison]] | None = None
        self._program: dict[int, dict[str, tuple[float, float]]] = {}
        self._found: dict[tuple[Rounds, int, int], dict[str, Comparison]] = {}

    def constants_gate(self) -> Gate:
        """Return the gate for a float16 program computed in float32: what its float16 constants may change."""

        def excess(found: Comparison, probe: int) -> float:
            if found.differing is not None:
                return math.inf if found.differing else 0.0
            if found.relative <= ARITHMETIC:
                return found.relative / ARITHMETIC / 2
            over = _over(found, *self._allowed(found, probe))
            if over > 1:
                self._rounded(Rounds.CONSTANTS, probe)
                over = _over(found, *self._allowed(found, probe))
            if over > 1:
                self._move_constants(probe)
                over = _over(found, *self._allowed(found, probe))
            return over

        def text(found: Comparison, probe: int) -> str:
            if found.differing is not None:
                return "equal"
            limit = self._allowed(found, probe)[0]
            because = (
                "more is never put down to rounding"
                if limit == LARGEST_TOLERANCE
                else f"{FACTOR:g} times what rounding the constants to float16 changes"
            )
            return f"relative error <= {limit:.2g} ({because})"

        return Gate(
            text=f"relative error <= {FACTOR:g} times what rounding the constants to float16 changes",
            excess=excess,
            allowed=lambda found, probe: (None, None) if found.differing is not None else self._allowed(found, probe),
            text_of=text,
        )

    def float16_gate(self) -> Gate:
        """Return the gate for a float16 program in its own precision."""

        def limit(found: Comparison, probe: int) -> float:
            if found.psnr_db >= FLOAT16_PSNR_DB:
                return FLOAT16_PSNR_DB
            return min(FLOAT16_PSNR_DB, max(LOWEST_PSNR_DB, self._reached(found.output) - MARGIN_DB))

        def excess(found: Comparison, probe: int) -> float:
            if found.differing is not None:
                return math.inf if found.differing else 0.0
            return share(found.noise, 10 ** (-limit(found, probe) / 20))

        def text(found: Comparison, probe: int) -> str:
            if found.differing is not None:
                return "equal"
            decibels = limit(found, probe)
            if decibels == FLOAT16_PSNR_DB:
                return f"PSNR >= {decibels:g} dB"
            reached = self._reached(found.output)
            return f"PSNR >= {decibels:.3g} dB (the model itself, rounded to float16 throughout, has {reached:.3g} dB)"

        def allowed(found: Comparison, probe: int) -> tuple[float | None, float | None]:
            return None, None if found.differing is not None else 10 ** (-limit(found, probe) / 20)

        return Gate(text=f"PSNR >= {FLOAT16_PSNR_DB:g} dB", excess=excess, allowed=allowed, text_of=text)

    def float32_gate(self) -> Gate:
        """Return the gate for a float32 program."""

        def limit(found: Comparison, probe: int) -> float:
            if found.relative <= FLOAT32_TOLERANCE:
                return FLOAT32_TOLERANCE
            runs = [self._rounded(Rounds.SINGLE, probe, seed).get(found.output) for seed in range(_MORE_RUNS)]
            moved = max((row.relative for row in runs if row is not None), default=0.0)
            return min(LARGEST_TOLERANCE, max(FLOAT32_TOLERANCE, FACTOR * moved))

        def excess(found: Comparison, probe: int) -> float:
            if found.differing is not None:
                return math.inf if found.differing else 0.0
            return share(found.relative, limit(found, probe))

        def text(found: Comparison, probe: int) -> str:
            allowed = limit(found, probe)
            if found.differing is not None:
                return "equal"
            if allowed == FLOAT32_TOLERANCE:
                return f"relative error <= {allowed:g}"
            return (
                f"relative error <= {allowed:.2g} ({FLOAT32_TOLERANCE:g}, more where float32 rounding moves the model)"
            )

        def allowed(found: Comparison, probe: int) -> tuple[float | None, float | None]:
            return None if found.differing is not None else limit(found, probe), None

        return Gate(text=f"relative error <= {FLOAT32_TOLERANCE:g}", excess=excess, allowed=allowed, text_of=text)

    def _reached(self, output: str) -> float:
        """Return the lowest PSNR that the model rounded throughout has on any probe.

        On one alone it may be high by chance, above all where the output is a single number.
        """
        rows = [self._rounded(Rounds.EVERYTHING, probe) for probe in self._runs.answered]
        return min((row[output].psnr_db for row in rows if output in row), default=math.inf)

    def _allowed(self, found: Comparison, probe: int) -> tuple[float, float]:
        """Return the largest relative error and noise that rounded constants excuse."""
        rows = self._constant_rows()
        here = self._found.get((Rounds.CONSTANTS, probe, 0), {}).get(found.output)
        everywhere = [row[found.output] for row in rows.values() if found.output in row]
        moved = self._program.get(probe, {}).get(found.output, (0.0, 0.0))
        limits = []
        for index, measure in enumerate((_relative, _noise)):
            usual = median(map(measure, everywhere)) if everywhere else 0.0
            scale = max(usual, 0.0 if here is None else measure(here), moved[index])
            limits.append(min(LARGEST_TOLERANCE, ARITHMETIC + FACTOR * scale))
        return limits[0], limits[1]

    def _move_constants(self, probe: int) -> None:
        """Learn how much the program's own constants matter: it may have some that the model has not."""
        if probe in self._program:
            return
        self._context.progress(None, "what float16 constants change in the program")
        found: dict[str, tuple[float, float]] = {}
        plain = self._runs.outputs_with_constants_moved(probe, None)
        paths = [path for path, _ in flatten(self._runs.expected[probe].output)]
        for seed in range(_MORE_RUNS):
            for path, moved, still in zip(
                paths, self._runs.outputs_with_constants_moved(probe, seed), plain, strict=False
            ):
                try:
                    row = compare_tensors(path, moved, still, self._runs.scales.get(path, 0.0))
                except Unlike:
                    continue
                relative, noise = found.get(path, (0.0, 0.0))
                found[path] = (max(relative, row.relative), max(noise, row.noise))
        self._program[probe] = found

    def _constant_rows(self) -> dict[int, dict[str, Comparison]]:
        if self._constants is None:
            self._constants = {}
            for probe in self._runs.answered[:_USUAL_PROBES]:
                self._context.progress(probe / len(self._runs.expected), "what float16 weights change in the model")
                self._constants[probe] = self._rounded(Rounds.CONSTANTS, probe)
        return self._constants

    def _rounded(self, rounds: Rounds, probe: int, seed: int = 0) -> dict[str, Comparison]:
        """Return the comparison of each output of the rounded model with the model's own; none if it does not run."""
        key = (rounds, probe, seed)
        if key not in self._found:
            self._context.checkpoint()
            try:
                output = self._runs.rounded_answer(probe, rounds, seed)
                rows = compare_all(output, self._runs.expected[probe].output, self._runs.scales)
            except (Unlike, RuntimeError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
                rows = ()
            self._found[key] = {row.output: row for row in rows}
        return self._found[key]


def _relative(found: Comparison) -> float:
    return found.relative


def _noise(found: Comparison) -> float:
    return found.noise


def _over(found: Comparison, relative: float, noise: float) -> float:
    return max(share(found.relative, relative), share(found.noise, noise))
