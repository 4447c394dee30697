"""Normalisations."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..table import Call, Ints, operation, prepare


@operation("batch_norm")
def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, epsilon)


@operation("instance_norm")
def instance_norm(x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5) -> Tensor:
    axes = tuple(range(2, x.ndim))
    centred = x - x.mean(axes, keepdim=True)
    result = centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + epsilon)
    per_channel = (-1,) + (1,) * (x.ndim - 2)
    if gamma is not None:
        result = result * gamma.reshape(per_channel)
    return result if beta is None else result + beta.reshape(per_channel)


@operation("layer_norm")
def layer_norm(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axes: Ints | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    chosen = sorted(axis % x.ndim for axis in (range(x.ndim) if axes is None else axes))
    centred = x - x.mean(chosen, keepdim=True)
    result = centred * torch.rsqrt(centred.square().mean(chosen, keepdim=True) + epsilon)
    shape = [x.shape[axis] if axis in chosen else 1 for axis in range(x.ndim)]
    if gamma is not None:
        result = result * gamma.reshape(shape)
    return result if beta is None else result + beta.reshape(shape)


@prepare("layer_norm")
def _layer_norm(call: Call) -> Callable[..., Tensor] | None:
    """Over the last axes, torch has it as one call."""
    rank = call.rank("x")
    given = call.constants["axes"]
    axes = sorted(axis % rank for axis in (range(rank) if given is None else given))
    if axes != list(range(rank - len(axes), rank)):
        return None
    count, epsilon = len(axes), call.constants["epsilon"]
    return lambda x, gamma, beta: F.layer_norm(x, x.shape[-count:], gamma, beta, epsilon)


@operation("l2_norm")
def l2_norm(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    return x * torch.rsqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)


@operation("local_response_norm")
def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    return F.local_response_norm(x, size, alpha, beta, k)
