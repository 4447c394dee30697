"""Example inputs of other sizes: the batch, and each other size that the inputs have."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from ...inputs.binding import Arguments
from ...inputs.nested import flatten, map_tensors

_MOST_SIZES = 4


@dataclass(frozen=True, kw_only=True)
class Resize:
    """All dimensions of one kind that have the size ``old``, given the size ``new``."""

    is_batch: bool
    old: int
    new: int

    @property
    def description(self) -> str:
        return f"batch {self.new}" if self.is_batch else f"{self.new} in place of {self.old}"

    def apply(self, arguments: Arguments) -> Arguments:
        def change(tensor: torch.Tensor) -> torch.Tensor:
            for dim, size in enumerate(tensor.shape):
                if size == self.old and (dim == 0) == self.is_batch:
                    # Values come from the example, so that indices stay within their tables.
                    tensor = tensor.index_select(dim, torch.arange(self.new, device=tensor.device) % size)
            return tensor

        return Arguments(
            positional=map_tensors(arguments.positional, change), keyword=map_tensors(arguments.keyword, change)
        )


def resizes(arguments: Arguments, is_known: Callable[[int], bool]) -> Iterator[tuple[Resize, ...]]:
    """Yield, for each kind of size, ways to change it in the order in which they are worth trying."""
    shapes = [tensor.shape for _, tensor in flatten([*arguments.positional, *arguments.keyword.values()])]
    batches = {shape[0] for shape in shapes if len(shape) > 1 and shape[0] > 0}
    if len(batches) == 1:
        old = batches.pop()
        yield (Resize(is_batch=True, old=old, new=old + 1),)
    sizes = list(dict.fromkeys(size for shape in shapes for size in shape[1:] if size > 1 and not is_known(size)))
    for old in sizes[:_MOST_SIZES]:
        smaller = (Resize(is_batch=False, old=old, new=old // 2),) if old >= 4 else ()
        yield (*smaller, Resize(is_batch=False, old=old, new=old + 1))


def feature_sizes(module: torch.nn.Module | None) -> set[int]:
    """Return the sizes that layers expect of their inputs: a model is not run with others of these."""
    found: set[int] = set()
    for layer in module.modules() if module is not None else ():
        for name in ("in_features", "in_channels", "input_size", "num_features"):
            value = vars(layer).get(name)  # without asking a __getattr__ of the user's
            if isinstance(value, int):
                found.add(value)
    return found
