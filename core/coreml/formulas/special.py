"""Special functions, by series of enough terms for float32."""

import math

import torch
from torch import Tensor

from .table import formula

_ERFINV_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_ERFINV_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip
_SHIFT = 7
"""Steps by which a gamma function is moved to where its asymptotic series is exact enough."""


@formula("erfinv", "special_erfinv")
def erfinv(x: Tensor) -> Tensor:
    """Source: M. Giles, Approximating the erfinv function (GPU Computing Gems, 2011), single precision."""
    width = -torch.log((1 - x) * (1 + x))
    centre = _polynomial(width - 2.5, _ERFINV_CENTRE)
    tail = _polynomial(torch.sqrt(width.clamp(min=5.0)) - 3.0, _ERFINV_TAIL)
    found = torch.where(width < 5, centre, tail) * x
    return torch.where(x.abs() == 1, x * math.inf, found)


def _polynomial(x: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    total = torch.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


@formula("special_ndtri")
def ndtri(x: Tensor) -> Tensor:
    return erfinv(x * 2 - 1) * math.sqrt(2)


@formula("lgamma", "special_gammaln")
def lgamma(x: Tensor) -> Tensor:
    """Stirling's series above 1/2; below, by reflection."""
    is_low = x < 0.5
    positive = torch.where(is_low, 1 - x, x)
    logarithms = torch.log(positive)  # their sum, as the product would overflow in float16
    for step in range(1, _SHIFT):
        logarithms = logarithms + torch.log(positive + step)
    large = positive + _SHIFT
    inverse = 1 / large
    series = inverse * (1 / 12 - inverse * inverse * (1 / 360 - inverse * inverse / 1260))
    value = (large - 0.5) * torch.log(large) - large + 0.5 * math.log(2 * math.pi) + series - logarithms
    reflected = math.log(math.pi) - torch.log(torch.sin(math.pi * (x - x.floor())).abs()) - value
    return torch.where(is_low, reflected, value)


@formula("digamma", "special_digamma", "special_psi")
def digamma(x: Tensor) -> Tensor:
    is_low = x < 0.5
    positive = torch.where(is_low, 1 - x, x)
    harmonic = 1 / positive
    for step in range(1, _SHIFT):
        harmonic = harmonic + 1 / (positive + step)
    large = positive + _SHIFT
    inverse = 1 / (large * large)
    series = inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252))
    value = torch.log(large) - 0.5 / large - series - harmonic
    return torch.where(is_low, value - math.pi / torch.tan(math.pi * (x - x.floor())), value)


@formula("asinh", "arcsinh", instead=lambda *_: True)
def asinh(x: Tensor) -> Tensor:
    size = x.abs()
    return torch.sign(x) * torch.log(size + torch.sqrt(size * size + 1))


@formula("acosh", "arccosh", instead=lambda *_: True)
def acosh(x: Tensor) -> Tensor:
    return torch.log(x + torch.sqrt(x * x - 1))
