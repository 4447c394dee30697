"""The search for an input that takes the other branch: along gradients of the condition, then by changing at random."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch

from ..model_file.module_tree import has_forward
from ..recipe.model import Input
from ..torchscript.kept_state import inference
from .margins import margin, size_margin
from .probes import Probe, bounds_of, tensors_of, with_tensors
from .provenance import Provenance
from .recorder import Leak, Limits, Recorder, RunStopped, Site
from .running import Outcome, Subject
from .state import seed_all, state_kept

_STEPS = (1.0, 0.3, 1.05, 1.5, 3.0, 10.0)
_MOST_OCCURRENCES = 4


@dataclass(frozen=True, kw_only=True)
class Slope:
    """A condition at one input: its margin, and how it changes with each input tensor."""

    value: float
    gradients: tuple[torch.Tensor | None, ...]
    square: float
    """Squared length of the whole gradient."""


@dataclass(kw_only=True)
class Search:
    """Looks for inputs that make a site give Python other values; each try is a run of the model.

    ``seen`` is called with each probe and its outcome, and returns whether the search has found enough.
    """

    subject: Subject
    leaves: Sequence[Input]
    seen: Callable[[Probe, Outcome], bool]
    budget: int = 400
    seconds: float = 12.0
    tries: int = 0
    _started: float = field(default_factory=time.perf_counter)

    def turn(self, site: Site, starts: Sequence[Probe], targets: Sequence[float]) -> bool:
        """Try to change what a site gives; return whether ``seen`` was satisfied."""
        for probe in aimed_changes(starts[0], self.leaves, targets):
            if self._try(probe):
                return True
        self.tries, self._started = 0, time.perf_counter()
        ways = _ways(site, targets)
        for start in starts[:4]:
            for way in ways:
                if self._follow(site, start, way):
                    return True
                if self._is_spent(self.budget):
                    break
        self._started = time.perf_counter()
        return any(self._wander(start) for start in starts[:3])

    def _is_spent(self, budget: int) -> bool:
        return self.tries >= budget or time.perf_counter() - self._started > self.seconds

    def _follow(self, site: Site, start: Probe, target: float | None) -> bool:
        """Go from ``start`` along the gradient until the condition has crossed ``target`` (None: turned over)."""
        probe = start
        for _ in range(30):
            if self._is_spent(self.budget):
                return False
            slopes = self.slopes(site, probe)
            if not slopes:
                return False
            best: tuple[float, Probe] | None = None
            # The occurrence nearest to its turn promises most.
            slope = min(slopes, key=lambda s: abs(s.value - (target or 0.0)))
            if slope.square == 0 or not math.isfinite(slope.square):
                return False
            goal = 0.0 if target is None else target
            for factor in _STEPS:
                moved = self._moved(probe, slope, (goal - slope.value) * factor, goal)
                if moved is None:
                    return False
                if self._try(moved):
                    return True
                reached = self.slopes(site, moved, with_gradients=False)
                if reached:
                    distance = min(abs(s.value - goal) for s in reached)
                    if best is None or distance < best[0]:
                        best = distance, moved
            if best is None or best[0] >= abs(slope.value - goal) * 0.999:
                return False
            probe = best[1]
        return False

    def _moved(self, probe: Probe, slope: Slope, change: float, goal: float) -> Probe | None:
        if change == 0:
            change = 1e-3
        scale = change / slope.square
        tensors = tensors_of(probe.arguments)
        if not math.isfinite(scale):
            return None
        moved = []
        for item, tensor, gradient in zip(self.leaves, tensors, slope.gradients, strict=True):
            moved.append(tensor if gradient is None else bounded(item, tensor + (scale * gradient).to(tensor.dtype)))
        return Probe(
            description=f"found along the gradient of the condition, from {_origin(probe)}",
            arguments=with_tensors(probe.arguments, moved),
            method=probe.method,
            seed=probe.seed,
            is_resized=probe.is_resized,
        )

    def _try(self, probe: Probe) -> bool:
        self.tries += 1
        return self.seen(probe, self.subject.run(probe))

    def _wander(self, start: Probe) -> bool:
        """Change values at random: scales, shifts, single elements, single rows."""
        generator = torch.Generator().manual_seed(start.seed + 7)
        for probe in _random_changes(start, self.leaves, generator):
            if self._is_spent(self.budget + 120):
                return False
            if self._try(probe):
                return True
        return False

    def slopes(self, site: Site, probe: Probe, *, with_gradients: bool = True) -> list[Slope]:
        """Return margin and gradient for the first occurrences of a site in a run on ``probe``."""
        loaded = self.subject.loaded
        leaves = [
            tensor.detach().clone().requires_grad_(tensor.dtype.is_floating_point)
            for tensor in tensors_of(probe.arguments)
        ]
        # A leaf must not be changed in place, and user code may do that.
        with torch.enable_grad():
            inputs = [leaf.clone() for leaf in leaves]
        arguments = with_tensors(probe.arguments, inputs)
        recorder = Recorder(
            self.subject.paths,
            provenance=Provenance(inputs, self.subject.changing_buffers()),
            is_differentiable=True,
            limits=Limits(seconds=self.subject.seconds),
            checkpoint=self.subject.checkpoint,
        )
        self.subject.runs += 1
        try:
            with inference(), state_kept(loaded.module), torch.enable_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                seed_all(probe.seed)
                with recorder:
                    loaded.callable(probe.method)(*arguments.positional, **arguments.keyword)
        except RunStopped:
            pass
        except Exception:
            if not any(leak.site == site for leak in recorder.leaks):
                return []
        found = []
        rows = [leak for leak in recorder.leaks if leak.site == site]
        with torch.enable_grad():
            for leak in [*rows[:_MOST_OCCURRENCES], *rows[_MOST_OCCURRENCES:][-1:]]:
                if (slope := _slope(leak, leaves, with_gradients)) is not None:
                    found.append(slope)
        return found


def _ways(site: Site, targets: Sequence[float]) -> list[float | None]:
    """Return the values to cross, one after the other; a truth value has one, zero of its margin."""
    if site.kind == "bool":
        return [None]
    ordered = sorted(set(targets))
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    margin = 0.01 * max(1.0, *(abs(target) for target in ordered)) if ordered else 1.0
    ends = [ordered[0] - margin, ordered[-1] + margin] if ordered else []
    return [*targets, *between, *ends, 1e4, -1e4]


def _slope(leak: Leak, leaves: Sequence[torch.Tensor], with_gradients: bool) -> Slope | None:
    if leak.node is None:
        return None
    number = size_margin(leak.node) if leak.site.kind == "size" else margin(leak.node)
    if number is None:
        return None
    if not with_gradients:
        return Slope(value=float(number.detach()), gradients=(), square=0.0)
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    if not wanted:
        return None
    try:
        rows = iter(torch.autograd.grad(number, wanted, allow_unused=True, retain_graph=True))
    except RuntimeError:
        return None
    gradients = tuple(next(rows) if leaf.requires_grad else None for leaf in leaves)
    gradients = tuple(None if g is None else torch.nan_to_num(g, nan=0.0, posinf=0.0, neginf=0.0) for g in gradients)
    square = sum(float((gradient.double() ** 2).sum()) for gradient in gradients if gradient is not None)
    return Slope(value=float(number.detach()), gradients=gradients, square=square)


def further(probe: Probe, start: Probe, leaves: Sequence[Input]) -> Iterator[Probe]:
    """Go on in the direction in which ``probe`` lies from ``start``: a branch may have its effect only far behind."""
    if probe.is_resized != start.is_resized:
        return
    for factor in (1.5, 3.0, 10.0, 100.0, 1000.0):
        tensors = [
            bounded(item, (a + (b - a) * factor).to(a.dtype)) if a.dtype.is_floating_point and a.shape == b.shape else b
            for item, a, b in zip(leaves, tensors_of(start.arguments), tensors_of(probe.arguments), strict=True)
        ]
        yield Probe(
            description=f"{probe.description}, {factor:g} times as far",
            arguments=with_tensors(probe.arguments, tensors),
            method=probe.method,
            seed=probe.seed,
        )


def bounded(item: Input, tensor: torch.Tensor) -> torch.Tensor:
    """Keep values within what the recipe declares, and finite."""
    if not tensor.dtype.is_floating_point:
        return tensor if bounds_of(item) is None else tensor.clamp(int(item.low or 0), int(item.high or 2) - 1)
    tensor = torch.nan_to_num(tensor)
    bounds = bounds_of(item)
    clamped: torch.Tensor = tensor if bounds is None else tensor.clamp(*bounds)
    return clamped


def aimed_changes(start: Probe, leaves: Sequence[Input], targets: Sequence[float]) -> Iterator[Probe]:
    """Put numbers that the code mentions into the inputs: everywhere, at the first place, at the last place."""
    base = [tensor.cpu() for tensor in tensors_of(start.arguments)]
    for position, (item, tensor) in enumerate(zip(leaves, base, strict=True)):
        if tensor.dtype == torch.bool or tensor.dtype.is_complex or not tensor.numel():
            continue
        is_whole = not tensor.dtype.is_floating_point
        for target in targets:
            if is_whole and target != int(target):
                continue
            for where in ("everywhere", "at the first place", "at the last place"):
                changed = tensor.clone().flatten()
                places = {
                    "everywhere": slice(None),
                    "at the first place": slice(1),
                    "at the last place": slice(-1, None),
                }
                changed[places[where]] = int(target) if is_whole else target
                tensors = [*base[:position], bounded(item, changed.reshape(tensor.shape)), *base[position + 1 :]]
                yield Probe(
                    description=f"{item.name} {target:g} {where}",
                    arguments=with_tensors(start.arguments, tensors),
                    method=start.method,
                    seed=start.seed,
                    is_resized=start.is_resized,
                )


def unusual_changes(start: Probe, leaves: Sequence[Input]) -> Iterator[Probe]:
    """Put NaN and infinities into the inputs, for conditions that ask for them."""
    base = [tensor.cpu() for tensor in tensors_of(start.arguments)]
    for position, (item, tensor) in enumerate(zip(leaves, base, strict=True)):
        if not tensor.dtype.is_floating_point or not tensor.numel() or bounds_of(item) is not None:
            continue
        for value in (math.nan, math.inf, -math.inf):
            for count in (1, tensor.numel()):
                changed = tensor.clone().flatten()
                changed[:count] = value
                tensors = [*base[:position], changed.reshape(tensor.shape), *base[position + 1 :]]
                yield Probe(
                    description=f"{item.name} with {value} at {count} places",
                    arguments=with_tensors(start.arguments, tensors),
                    method=start.method,
                    seed=start.seed,
                    is_resized=start.is_resized,
                )


def _random_changes(start: Probe, leaves: Sequence[Input], generator: torch.Generator) -> Iterator[Probe]:
    base = [tensor.cpu() for tensor in tensors_of(start.arguments)]
    for index in range(100):
        changed = []
        for item, tensor in zip(leaves, base, strict=True):
            if tensor.dtype.is_floating_point:
                changed.append(bounded(item, _random_float(tensor, index, generator)))
            elif tensor.dtype.is_complex or tensor.dtype == torch.bool:
                changed.append((torch.rand(tensor.shape, generator=generator) < 0.1 * (index % 11)).to(tensor.dtype))
            else:
                changed.append(_random_whole(item, tensor, index, generator))
        yield Probe(
            description=f"found by changing values at random, from {_origin(start)}",
            arguments=with_tensors(start.arguments, [c.to(t.device) for c, t in zip(changed, base, strict=True)]),
            method=start.method,
            seed=start.seed + index,
            is_resized=start.is_resized,
        )


def _random_float(tensor: torch.Tensor, index: int, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(tensor.shape, generator=generator).to(tensor.dtype)
    scale = 10.0 ** float(torch.empty(1).uniform_(-2, 4, generator=generator))
    changed: torch.Tensor
    match index % 6:
        case 0:
            changed = noise * scale
        case 1:
            changed = tensor + float(torch.randn(1, generator=generator)) * scale
        case 2:
            changed = tensor * scale
        case 3:
            changed = tensor.clone().flatten()
            if changed.numel():
                place = torch.randint(changed.numel(), (max(1, changed.numel() // 50),), generator=generator)
                changed[place] += torch.randn(place.shape, generator=generator).to(tensor.dtype) * scale
            changed = changed.reshape(tensor.shape)
        case 4:
            changed = (noise * 3).round()
        case _:
            changed = noise + scale * torch.sign(noise.flatten()[:1].sum())
    return changed


def _random_whole(item: Input, tensor: torch.Tensor, index: int, generator: torch.Generator) -> torch.Tensor:
    low = int(item.low or 0)
    high = int(item.high) if item.high is not None else (2, 5, 10, 30, 100, 1000)[index % 6]
    high = max(high, low + 1)
    changed: torch.Tensor
    match index % 3:
        case 0:
            changed = torch.randint(low, high, tensor.shape, generator=generator).to(tensor.dtype)
        case 1:
            changed = torch.full_like(tensor, int(torch.randint(low, high, (1,), generator=generator)))
        case _:
            changed = tensor.clone().flatten()
            if changed.numel():
                place = int(torch.randint(changed.numel(), (1,), generator=generator))
                changed[place] = int(torch.randint(low, high, (1,), generator=generator))
            changed = changed.reshape(tensor.shape)
    return changed


def _origin(probe: Probe) -> str:
    return probe.description.rpartition(", from ")[2]


def attributes_of(root: torch.nn.Module | None, path: str, names: Sequence[str]) -> list[float]:
    """Return the numbers among some attributes of a submodule: thresholds are often set in the constructor."""
    if root is None:
        return []
    module = root.get_submodule(path) if path else root
    found = []
    for name in names:
        value = getattr(module, name, None) if has_forward(module) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(float(value))
        elif isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
            found.append(float(value.detach()))
    return found
