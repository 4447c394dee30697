"""Arithmetic that coremltools translates for some arguments only."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import sizes_of
from .table import formula


def _is_scaled(x: Tensor, y: Tensor | float, alpha: float = 1) -> bool:
    return alpha != 1


@formula("add", instead=_is_scaled)
def add(x: Tensor, y: Tensor | float, alpha: float = 1) -> Tensor:
    return x + y * alpha


@formula("sub", instead=_is_scaled)
def sub(x: Tensor, y: Tensor | float, alpha: float = 1) -> Tensor:
    return x - y * alpha


@formula("rsub", instead=_is_scaled)
def rsub(x: Tensor, y: Tensor | float, alpha: float = 1) -> Tensor:
    return y - x * alpha


@formula("addmm", "baddbmm", instead=lambda x, a, b, beta, alpha: (beta, alpha) != (1, 1))
def addmm(x: Tensor, a: Tensor, b: Tensor, beta: float, alpha: float) -> Tensor:
    return x * beta + torch.matmul(a, b) * alpha


@formula("addbmm")
def addbmm(x: Tensor, a: Tensor, b: Tensor, beta: float, alpha: float) -> Tensor:
    return x * beta + torch.matmul(a, b).sum(0) * alpha


@formula("round.decimals", instead=lambda *_: True)
def round_to(x: Tensor, decimals: int) -> Tensor:
    scale = float(10 ** abs(decimals))
    return (x * scale).round() / scale if decimals >= 0 else (x / scale).round() * scale


@formula("fmin")
def fmin(x: Tensor, y: Tensor) -> Tensor:
    return torch.where(x != x, y, torch.where(y != y, x, torch.minimum(x, y)))


@formula("fmax")
def fmax(x: Tensor, y: Tensor) -> Tensor:
    return torch.where(x != x, y, torch.where(y != y, x, torch.maximum(x, y)))


@formula("signbit")
def signbit(x: Tensor) -> Tensor:
    return x < 0


@formula("linalg_cross", "cross")
def cross(x: Tensor, y: Tensor, dim: int | None) -> Tensor:
    axis = next(axis for axis, size in enumerate(x.shape) if size == 3) if dim is None else dim
    first, second = (x.roll(-1, axis), x.roll(-2, axis)), (y.roll(-1, axis), y.roll(-2, axis))
    return first[0] * second[1] - first[1] * second[0]


def _is_no_truth_value(x: Tensor, *_: object) -> bool:
    return x.dtype is not torch.bool


@formula("any", instead=_is_no_truth_value)
def any_other_than_zero(x: Tensor, *dimensions: Any) -> Tensor:
    return torch.any(x != 0, *dimensions)


@formula("all", instead=_is_no_truth_value)
def all_other_than_zero(x: Tensor, *dimensions: Any) -> Tensor:
    return torch.all(x != 0, *dimensions)


@formula("softplus", instead=lambda x, beta, threshold: beta != 1 or threshold < 20)
def softplus(x: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = x * beta
    return torch.where(scaled > threshold, x, F.softplus(scaled) / beta)


@formula("prelu", instead=lambda x, weight: weight.numel() > 1 and x.dim() != 4)
def prelu(x: Tensor, weight: Tensor) -> Tensor:
    slopes = weight.reshape([-1 if axis == 1 else 1 for axis in range(x.dim())])
    return torch.where(x > 0, x, x * slopes)


@formula("var.default", instead=lambda *_: True)
def var(x: Tensor, unbiased: bool) -> Tensor:
    return var_corrected(x, None, int(unbiased), False)


@formula("std.default", instead=lambda *_: True)
def std(x: Tensor, unbiased: bool) -> Tensor:
    return torch.sqrt(var(x, unbiased))


@formula("var.correction", instead=lambda *_: True)
def var_corrected(x: Tensor, dimensions: list[int] | None, correction: float | None, keepdim: bool) -> Tensor:
    axes = [axis % x.dim() for axis in dimensions or range(x.dim())]
    distance = x - x.mean(axes, keepdim=True)
    count = math.prod(sizes_of(x)[axis] for axis in axes) - (1 if correction is None else correction)
    return (distance * distance).sum(axes, keepdim=keepdim) / count


@formula("std.correction", instead=lambda *_: True)
def std_corrected(x: Tensor, dimensions: list[int] | None, correction: float | None, keepdim: bool) -> Tensor:
    return torch.sqrt(var_corrected(x, dimensions, correction, keepdim))


@formula("instance_norm", instead=lambda x, weight, bias, mean, var, use_input_stats, *_: not use_input_stats)
def instance_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    return F.batch_norm(x, mean, variance, weight, bias, False, momentum, eps)
