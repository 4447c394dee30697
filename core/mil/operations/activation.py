"""Activation functions."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..table import Call, operation, prepare

_GELU = {"EXACT": "none", "TANH_APPROXIMATION": "tanh"}


def _per_channel(parameter: Tensor, x: Tensor) -> Tensor:
    return parameter.reshape(-1, *[1] * (x.ndim - 2)) if parameter.ndim else parameter


@operation("relu", exact=True)
def relu(x: Tensor) -> Tensor:
    return torch.relu(x)


@operation("relu6", exact=True)
def relu6(x: Tensor) -> Tensor:
    return x.clamp(0, 6)


@operation("clamped_relu")
def clamped_relu(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.where(x >= 0, x, x * alpha).clamp(max=beta)


@operation("elu")
def elu(x: Tensor, alpha: float) -> Tensor:
    return F.elu(x, alpha)


@operation("gelu")
def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    if mode not in _GELU:
        raise ValueError(f"unknown mode “{mode}”")
    return F.gelu(x, approximate=_GELU[mode])


@prepare("gelu")
def _gelu(call: Call) -> object:
    mode = call.constants["mode"]
    if mode not in _GELU:
        return None
    approximate = _GELU[mode]
    return lambda x: F.gelu(x, approximate=approximate)


@operation("leaky_relu")
def leaky_relu(x: Tensor, alpha: float) -> Tensor:
    return F.leaky_relu(x, alpha)


@operation("linear_activation")
def linear_activation(x: Tensor, alpha: float, beta: float) -> Tensor:
    return x * alpha + beta


@operation("prelu")
def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    return torch.where(x > 0, x, x * _per_channel(alpha, x))


@operation("scaled_tanh")
def scaled_tanh(x: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.tanh(x * beta) * alpha


@operation("sigmoid")
def sigmoid(x: Tensor) -> Tensor:
    return torch.sigmoid(x)


@operation("sigmoid_hard")
def sigmoid_hard(x: Tensor, alpha: float, beta: float) -> Tensor:
    return (x * alpha + beta).clamp(0, 1)


@operation("silu")
def silu(x: Tensor) -> Tensor:
    return F.silu(x)


@operation("softplus")
def softplus(x: Tensor) -> Tensor:
    # torch's own is linear above a threshold; logaddexp is exact to rounding everywhere.
    return torch.logaddexp(x, torch.zeros((), dtype=x.dtype))


@operation("softplus_parametric")
def softplus_parametric(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    return _per_channel(alpha, x) * softplus(x * _per_channel(beta, x))


@operation("softmax")
def softmax(x: Tensor, axis: int = -1) -> Tensor:
    return torch.softmax(x, axis)


@operation("softsign")
def softsign(x: Tensor) -> Tensor:
    return F.softsign(x)


@operation("thresholded_relu", exact=True)
def thresholded_relu(x: Tensor, alpha: float) -> Tensor:
    return torch.where(x >= alpha, x, torch.zeros((), dtype=x.dtype))
