"""Probes: inputs that differ from the example in values and, where dimensions may vary, in sizes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from ..inputs.binding import Arguments, Binding
from ..inputs.nested import flatten, map_tensors
from ..inputs.values import Variation, has_flexible_inputs, make_arguments
from ..recipe.model import Dimension, Input, RangeDimension, default_size


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One input of one method."""

    description: str
    arguments: Arguments
    method: str = "forward"
    seed: int = 0
    """Of the generators during the run."""
    is_resized: bool = False
    """Whether its sizes differ from the example's."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What probes of one method are made from."""

    binding: Binding
    folder: Path
    device: str
    seed: int
    method: str = "forward"

    def make(self, binding: Binding, seed: int) -> Arguments:
        return make_arguments(binding, Variation(seed=seed), folder=self.folder, device=self.device)

    def example(self) -> Probe:
        """Return the input that the trace is made with."""
        return Probe(
            description="the example", arguments=self.make(self.binding, self.seed), method=self.method, seed=self.seed
        )


Change = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def _sparse(x: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    return x * (torch.rand(x.shape, generator=g) > 0.9)


def _spike(x: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    x = x.clone()
    if x.numel():
        x.view(-1)[int(torch.randint(x.numel(), (1,), generator=g))] = 50.0
    return x


def _sorted(x: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    return x.flatten().sort().values.reshape(x.shape)


_FLOATS: tuple[tuple[str, Change], ...] = (
    ("other values", lambda x, g: x),
    ("mean +2", lambda x, g: x + 2),
    ("mean -2", lambda x, g: x - 2),
    ("zeros", lambda x, g: torch.zeros_like(x)),
    ("4 times the scale", lambda x, g: 4 * x),
    ("a tenth of the scale", lambda x, g: 0.1 * x),
    ("sparse values", _sparse),
    ("only positive values", lambda x, g: x.abs()),
    ("only negative values", lambda x, g: -x.abs()),
    ("100 times the scale", lambda x, g: 100 * x),
    ("sorted values", _sorted),
    ("values sorted downwards", lambda x, g: -_sorted(x, g)),
    ("ones", lambda x, g: torch.ones_like(x)),
    ("all -1", lambda x, g: -torch.ones_like(x)),
    ("one large value", _spike),
    ("one large negative value", lambda x, g: -_spike(x, g)),
    ("mean +0.5", lambda x, g: x + 0.5),
    ("mean -0.5", lambda x, g: x - 0.5),
    ("whole numbers", lambda x, g: (3 * x).round()),
    ("all 0.5", lambda x, g: torch.full_like(x, 0.5)),
    ("between 0 and 1", lambda x, g: torch.rand(x.shape, generator=g)),
    ("mean +20", lambda x, g: x + 20),
    ("mean -20", lambda x, g: x - 20),
    ("1,000 times the scale", lambda x, g: 1000 * x),
    ("10,000 times the scale, positive", lambda x, g: 1e4 * x.abs()),
    ("a thousandth of the scale", lambda x, g: 1e-3 * x),
    ("alternating signs", lambda x, g: x.abs() * (1 - 2 * (torch.arange(x.numel()) % 2).reshape(x.shape))),
    ("more other values", lambda x, g: torch.randn(x.shape, generator=g)),
)


def _whole(low: int, high: int) -> Change:
    return lambda x, g: torch.randint(low, high, x.shape, generator=g)


def _wholes(item: Input) -> tuple[tuple[str, Change], ...]:
    low = int(item.low or 0)
    if item.high is not None or item.dtype == "bool":
        high = max(low + 1, 2 if item.high is None else int(item.high))
        middle = (low + high) // 2
        return (
            ("other values", _whole(low, high)),
            (f"all {low}", lambda x, g: torch.full_like(x, low)),
            (f"all {high - 1}", lambda x, g: torch.full_like(x, high - 1)),
            ("sorted values", lambda x, g: _sorted(_whole(low, high)(x, g), g)),
            ("the upper half", _whole(middle, high)),
            ("the lower half", _whole(low, max(middle, low + 1))),
            ("sparse values", lambda x, g: torch.where(torch.rand(x.shape, generator=g) > 0.9, high - 1, low)),
        )
    return (
        ("other values", _whole(0, 2)),
        ("zeros", lambda x, g: torch.zeros_like(x)),
        ("ones", lambda x, g: torch.ones_like(x)),
        ("values below 10", _whole(0, 10)),
        ("values below 100", _whole(0, 100)),
        ("values below 1,000", _whole(0, 1000)),
        ("sorted values", lambda x, g: _sorted(_whole(0, 10)(x, g), g)),
        ("counting up", lambda x, g: torch.arange(x.numel()).reshape(x.shape)),
        ("all 3", lambda x, g: torch.full_like(x, 3)),
        ("all 7", lambda x, g: torch.full_like(x, 7)),
        ("values with some below zero", _whole(-5, 5)),
        ("values below 20,000", _whole(0, 20000)),
        ("padded with zeros", lambda x, g: _whole(1, 10)(x, g) * (torch.arange(x.shape[-1] if x.dim() else 1) < 1)),
    )


MOST_KINDS = len(_FLOATS)


def value_probes(source: Source, *, start: int = 0, stop: int = MOST_KINDS) -> Iterator[Probe]:
    """Make the probes of kinds ``start`` to ``stop``, at the example's sizes, the most telling kinds first."""
    for index in range(start, stop):
        seed = source.seed + 1 + index
        base = source.make(source.binding, seed)
        yield Probe(
            description=f"{_FLOATS[index % MOST_KINDS][0]} (seed {seed})",
            arguments=_varied(source, base, index, seed),
            method=source.method,
            seed=seed,
        )


def mixed_probes(source: Source) -> Iterator[Probe]:
    """Where there are several inputs: each of them alone zero, large or shifted while the others stay."""
    leaves = _leaves(source.binding)
    count = len(leaves)
    if count < 2:
        return
    for position in range(min(count, 6)):
        for kind in (1, 2, 3, 9):
            seed = source.seed + 101 + position * 7 + kind
            base = source.make(source.binding, seed)
            yield Probe(
                description=f"{leaves[position].name}: {_FLOATS[kind][0]} (seed {seed})",
                arguments=_varied(source, base, kind, seed, only=position),
                method=source.method,
                seed=seed,
            )


def size_probes(source: Source, sizes: Sequence[int] = ()) -> Iterator[Probe]:
    """Make probes of other sizes, within what the recipe declares: all dimensions together, then each alone.

    Args:
        sizes: sizes that the model's code mentions; they and their neighbours are tried where they are allowed.
    """
    if not has_flexible_inputs(source.binding):
        return
    dimensions = _flexible(source.binding)
    named = [size + step for size in sizes for step in (-1, 0, 1)]
    wanted: list[tuple[str, Callable[[int, Dimension], int]]] = []
    for name in ("min", "max", "middle", "next", "odd", "prime", "doubled"):
        wanted.append((f"{name} sizes", _all_at(name)))
    for size in dict.fromkeys(named):
        if any(allows(dimension, size) for dimension in dimensions):
            wanted.append((f"size {size}", _where_allowed(size)))
    if len(dimensions) > 1:
        for position in range(len(dimensions)):
            for name in ("min", "max", "middle", "next"):
                wanted.append((f"{name} size of dimension {position + 1}", _only_one(position, name)))
    wanted += [(f"size {size}", _where_allowed(size)) for size in _enumerated(dimensions)]
    seen = {tuple(default_size(dimension) for dimension in dimensions)}
    for index, (description, choose) in enumerate(wanted):
        chosen = tuple(choose(i, dimension) for i, dimension in enumerate(dimensions))
        if chosen in seen:
            continue
        seen.add(chosen)
        seed = source.seed + 501 + index
        yield Probe(
            description=f"sizes {', '.join(map(str, chosen))} ({description})",
            arguments=source.make(resized(source.binding, choose), seed),
            method=source.method,
            seed=seed,
            is_resized=True,
        )


def resized(binding: Binding, choose: Callable[[int, Dimension], int]) -> Binding:
    """Return the binding with each flexible dimension set; ``choose`` gets its number and its declaration."""
    count = -1

    def fixed(item: Input) -> Input:
        nonlocal count
        if item.items:
            return msgspec.structs.replace(item, items=tuple(map(fixed, item.items)))
        if item.shape is None:
            return item
        shape: list[Dimension] = []
        for dimension in item.shape:
            if isinstance(dimension, int):
                shape.append(dimension)
            else:
                count += 1
                shape.append(choose(count, dimension))
        return msgspec.structs.replace(item, shape=tuple(shape))

    return Binding(positional=tuple(map(fixed, binding.positional)), keyword=tuple(map(fixed, binding.keyword)))


def with_tensors(arguments: Arguments, tensors: Sequence[torch.Tensor]) -> Arguments:
    """Return the arguments with their tensors replaced, in the order of ``tensors_of``."""
    rest = iter(tensors)
    positional = map_tensors(arguments.positional, lambda tensor: next(rest))
    return Arguments(positional=positional, keyword=map_tensors(arguments.keyword, lambda tensor: next(rest)))


def tensors_of(arguments: Arguments) -> list[torch.Tensor]:
    """Return the tensors of a call in order, without those that ``flatten`` makes of Python numbers."""
    found: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor)
        return tensor

    map_tensors((arguments.positional, arguments.keyword), keep)
    return found


def leaves_of(binding: Binding) -> list[Input]:
    """Return the declarations of the tensors, in the order of ``tensors_of``."""
    return _leaves(binding)


def bounds_of(item: Input) -> tuple[float, float] | None:
    """Return the values that an input is declared to hold; None where any value may come."""
    if item.fill == "uniform" or (item.fill == "randint" or (item.low is not None and item.high is not None)):
        low = 0.0 if item.low is None else item.low
        high = item.high if item.high is not None else (1.0 if item.fill == "uniform" else 2.0)
        return low, high
    return None


def allows(dimension: Dimension, size: int) -> bool:
    """Whether a dimension is declared to take this size."""
    if isinstance(dimension, RangeDimension):
        return dimension.min <= size <= dimension.max
    return size in dimension if isinstance(dimension, tuple) else size == dimension


def pick_size(dimension: Dimension, which: str) -> int:
    """Return one of the sizes that a dimension may take, by name."""
    default = default_size(dimension)
    if isinstance(dimension, RangeDimension):
        low, high = dimension.min, dimension.max
        wanted = {
            "min": low,
            "max": high,
            "middle": (low + high) // 2,
            "next": default + 1 if default < high else default - 1,
            "odd": (low + (high - low) // 3) | 1,
            "prime": next((p for p in (13, 7, 5, 3, 11, 17, 31, 67, 127, 257, 509) if low <= p <= high), default),
            "doubled": 2 * default,
        }[which]
        return max(low, min(high, wanted))
    if isinstance(dimension, tuple):
        ordered = sorted(dimension)
        return {"min": ordered[0], "max": ordered[-1], "middle": ordered[len(ordered) // 2]}.get(which, dimension[-1])
    return dimension


def _all_at(name: str) -> Callable[[int, Dimension], int]:
    return lambda i, dimension: pick_size(dimension, name)


def _where_allowed(size: int) -> Callable[[int, Dimension], int]:
    return lambda i, dimension: size if allows(dimension, size) else default_size(dimension)


def _only_one(position: int, name: str) -> Callable[[int, Dimension], int]:
    return lambda i, dimension: pick_size(dimension, name) if i == position else default_size(dimension)


def _enumerated(dimensions: Sequence[Dimension]) -> list[int]:
    return sorted({size for dimension in dimensions if isinstance(dimension, tuple) for size in dimension})[:16]


def _flexible(binding: Binding) -> list[Dimension]:
    return [d for item in _leaves(binding) for d in item.shape or () if not isinstance(d, int)]


def _leaves(binding: Binding) -> list[Input]:
    def visit(item: Input) -> Iterator[Input]:
        if item.kind == "tensor":
            yield item
        for member in item.items:
            yield from visit(member)

    return [leaf for item in binding.inputs for leaf in visit(item)]


def _varied(source: Source, base: Arguments, index: int, seed: int, *, only: int | None = None) -> Arguments:
    generator = torch.Generator().manual_seed(seed)
    leaves, tensors = _leaves(source.binding), tensors_of(base)
    changed = [
        _changed(item, tensor, index, generator) if only is None or only == position else tensor
        for position, (item, tensor) in enumerate(zip(leaves, tensors, strict=True))
    ]
    return with_tensors(base, changed)


def _changed(item: Input, tensor: torch.Tensor, index: int, generator: torch.Generator) -> torch.Tensor:
    device, dtype = tensor.device, tensor.dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        kinds = _wholes(item)
        return kinds[index % len(kinds)][1](tensor.cpu(), generator).to(dtype).to(device)
    values = tensor.cpu()
    is_constant = values.numel() > 1 and bool((values == values.flatten()[0]).all())
    if (item.fill in ("zeros", "ones", "arange") or is_constant) and values.numel():
        # The example is one of many inputs: the app will not send zeros only.
        values = torch.randn(values.shape, generator=generator).to(dtype)
    elif item.fill is not None and not isinstance(item.fill, str):
        values = values * (1 + 0.1 * torch.randn(values.shape, generator=generator)).to(dtype)
    changed = _FLOATS[index % MOST_KINDS][1](values, generator).to(dtype)
    if (bounds := bounds_of(item)) and not dtype.is_complex:
        low, high = bounds
        if index % MOST_KINDS in (3, 12, 13, 19):
            part = {3: 0.0, 12: 1.0, 13: 0.25, 19: 0.5}[index % MOST_KINDS]
            return torch.full_like(values, low + part * (high - low)).to(device)
        changed = changed.clamp(low, high)
    return changed.to(device)


def describe_tensors(arguments: Arguments) -> str:
    """Return shapes and ranges of the tensors: ``1×3 from -0.5 to 2``."""
    parts = []
    for _, tensor in flatten([*arguments.positional, *arguments.keyword.values()]):
        shape = "×".join(map(str, tensor.shape)) or "scalar"
        if tensor.numel() and not tensor.is_complex():
            parts.append(f"{shape} from {float(tensor.min()):.4g} to {float(tensor.max()):.4g}")
        else:
            parts.append(shape)
    return ", ".join(parts)


def content(arguments: Arguments) -> list[Any]:
    """Return the tensors, detached on the CPU, to keep a probe."""
    return [tensor.detach().cpu() for tensor in tensors_of(arguments)]
