"""Values for the inputs of a recipe: the example that is traced, and probes that try other values and sizes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import fail
from ..recipe import model as recipe_model
from ..recipe.model import Dimension, FileFill, Input, RangeDimension, default_size
from .binding import Arguments, Binding
from .sample_files import read_sample

DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in recipe_model.DTYPES}
DTYPE_NAMES: dict[Any, Any] = {dtype: name for name, dtype in DTYPES.items()}
"""As a recipe spells them; other types are not in it."""


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How a probe differs from the example; the example itself is ``EXAMPLE``."""

    seed: int
    offset: float = 0.0
    """Added to ``normal`` values: a mean well above or below zero reaches branches on sums and means."""
    scale: float = 1.0
    size: str = "default"
    """Which size a flexible dimension takes: default, min, max or middle."""
    label: str = ""
    """What it is called, where it is no variation of the example but a row of its own."""

    @property
    def description(self) -> str:
        if self.label:
            return self.label
        parts = [f"seed {self.seed}"]
        if self.offset:
            parts.append(f"mean {self.offset:+g}")
        if self.scale != 1:
            parts.append(f"scale {self.scale:g}")
        if self.size != "default":
            parts.append(f"{self.size} sizes")
        return ", ".join(parts)


_OFFSETS = (0.0, 0.5, -0.5, 0.0, 2.0, -2.0, 0.0, 0.0)
_SCALES = (1.0, 1.0, 1.0, 4.0, 1.0, 1.0, 0.1, 1.0)
_SIZES = ("default", "min", "max", "middle")


def probe_variations(seed: int, count: int, *, is_flexible: bool) -> tuple[Variation, ...]:
    """Return the variations of the probes: the first is the example, the others differ in values and in sizes."""
    return tuple(
        Variation(
            seed=seed + index,
            offset=_OFFSETS[index % len(_OFFSETS)],
            scale=_SCALES[index % len(_SCALES)],
            size=_SIZES[index % len(_SIZES)] if is_flexible else "default",
        )
        for index in range(count)
    )


def make_arguments(binding: Binding, variation: Variation, *, folder: Path, device: str) -> Arguments:
    """Make the values of one call.

    Raises:
        ExportDeskError: ``call.sample`` where a file cannot be read, ``inputs.values`` where memory does not suffice.
    """
    generator = torch.Generator().manual_seed(variation.seed)
    make = [_make(item, variation, generator, folder, device) for item in binding.inputs]
    count = len(binding.positional)
    names = [item.name for item in binding.keyword]
    return Arguments(positional=tuple(make[:count]), keyword=dict(zip(names, make[count:], strict=True)))


def has_flexible_inputs(binding: Binding) -> bool:
    """Whether any input has a range or an enumeration."""

    def is_flexible(item: Input) -> bool:
        return item.is_flexible or any(is_flexible(member) for member in item.items)

    return any(is_flexible(item) for item in binding.inputs)


def _make(item: Input, variation: Variation, generator: torch.Generator, folder: Path, device: str) -> Any:
    match item.kind:
        case "value":
            return item.value
        case "tuple" | "list" | "dict":
            members = [_make(member, variation, generator, folder, device) for member in item.items]
            if item.kind == "dict":
                return {member.name: value for member, value in zip(item.items, members, strict=True)}
            return tuple(members) if item.kind == "tuple" else members
        case _:
            try:
                return _tensor(item, variation, generator, folder).to(device)
            except (RuntimeError, MemoryError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                fail(
                    "inputs.values",
                    f"The input {item.name!r} of shape {list(item.default_shape or ())} cannot be made: {reason}",
                    hint="Use a smaller shape, or a machine with more memory.",
                    cause=error,
                )


def _tensor(item: Input, variation: Variation, generator: torch.Generator, folder: Path) -> torch.Tensor:
    if isinstance(item.fill, FileFill):
        return _from_file(item, item.fill, folder)
    shape = tuple(_size(dimension, variation.size) for dimension in item.shape or ())
    dtype = DTYPES[item.dtype]
    fill = item.fill or ("normal" if dtype.is_floating_point or dtype.is_complex else "randint")
    low, high = item.low, item.high
    match fill:
        case "normal":
            values = torch.randn(shape, generator=generator) * variation.scale + variation.offset
        case "uniform":
            low, high = (0.0 if low is None else low), (1.0 if high is None else high)
            values = torch.rand(shape, generator=generator) * (high - low) + low
        case "randint":
            # Two choices suit flags and small vocabularies alike; a recipe that needs more says so.
            low, high = int(low or 0), 2 if high is None else int(high)
            values = torch.randint(low, max(high, low + 1), shape, generator=generator)
        case "zeros":
            values = torch.zeros(shape)
        case "ones":
            values = torch.ones(shape)
        case _:
            values = torch.arange(torch.Size(shape).numel()).reshape(shape)
    if dtype.is_complex and fill == "normal":
        values = torch.complex(values, torch.randn(shape, generator=generator))
    return values.to(dtype)


def _size(dimension: Dimension, which: str) -> int:
    if isinstance(dimension, RangeDimension):
        middle = (dimension.min + dimension.max) // 2
        sizes = {"min": dimension.min, "max": dimension.max, "middle": middle}
        return sizes.get(which, default_size(dimension))
    if isinstance(dimension, tuple):
        picks = {"min": min(dimension), "max": max(dimension), "middle": sorted(dimension)[len(dimension) // 2]}
        return picks.get(which, dimension[0])
    return dimension


def _from_file(item: Input, fill: FileFill, folder: Path) -> torch.Tensor:
    sample = read_sample(folder / fill.file, item.name)
    if item.shape is not None:
        fits = len(item.shape) == sample.dim() and all(
            _allows(dimension, size) for dimension, size in zip(item.shape, sample.shape, strict=True)
        )
        if not fits:
            fail(
                "call.sample",
                f"{fill.file} holds a tensor of shape {tuple(sample.shape)}, which is not the shape that the recipe "
                f"gives for {item.name}.",
                file=str(folder / fill.file),
                hint="Leave the shape out to take the file's, or correct it.",
            )
    dtype = DTYPES[item.dtype]
    # NumPy makes float64 where nobody asks, so the recipe's word counts; a default makes no floats of whole numbers.
    return sample.to(dtype) if sample.is_floating_point() or item.dtype != "float32" else sample


def _allows(dimension: Dimension, size: int) -> bool:
    if isinstance(dimension, RangeDimension):
        return dimension.min <= size <= dimension.max
    return size in dimension if isinstance(dimension, tuple) else size == dimension
