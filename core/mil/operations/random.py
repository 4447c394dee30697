"""Random numbers. Core ML does not say which generator it uses, so values differ from a device; a seed repeats ours."""

from math import prod

import torch
from torch import Tensor

from ..memory import require_elements
from ..table import Ints, operation


def _generator(seed: int) -> torch.Generator:
    generator = torch.Generator()
    if seed >= 0:
        generator.manual_seed(seed)
    else:
        generator.seed()
    return generator


def _uniform(shape: Ints, seed: int) -> Tensor:
    require_elements(prod(shape))
    return torch.rand(shape, generator=_generator(seed))


@operation("random_uniform")
def random_uniform(shape: Ints, low: float = 0.0, high: float = 1.0, seed: int = -1) -> Tensor:
    return _uniform(shape, seed) * (high - low) + low


@operation("random_normal")
def random_normal(shape: Ints, mean: float = 0.0, stddev: float = 1.0, seed: int = -1) -> Tensor:
    require_elements(prod(shape))
    return torch.randn(shape, generator=_generator(seed)) * stddev + mean


@operation("random_bernoulli")
def random_bernoulli(shape: Ints, prob: float = 0.5, seed: int = -1) -> Tensor:
    return (_uniform(shape, seed) < prob).to(torch.float32)


@operation("random_categorical")
def random_categorical(x: Tensor, mode: str = "logits", size: int = 1, seed: int = -1) -> Tensor:
    if mode not in ("logits", "probs"):
        raise ValueError(f"unknown mode “{mode}”")
    weights = torch.softmax(x, -1) if mode == "logits" else x
    rows = weights.reshape(-1, weights.shape[-1])
    drawn = torch.multinomial(rows, size, replacement=True, generator=_generator(seed))
    return drawn.reshape(*x.shape[:-1], size).to(torch.float32)
