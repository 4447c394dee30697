"""Functions of each element alone."""

import torch
from torch import Tensor

from ..table import ResultType, operation


@operation("abs", exact=True)
def abs_(x: Tensor) -> Tensor:
    return torch.abs(x)


@operation("acos")
def acos(x: Tensor) -> Tensor:
    return torch.acos(x)


@operation("asin")
def asin(x: Tensor) -> Tensor:
    return torch.asin(x)


@operation("atan")
def atan(x: Tensor) -> Tensor:
    return torch.atan(x)


@operation("atanh")
def atanh(x: Tensor) -> Tensor:
    return torch.atanh(x)


@operation("ceil", exact=True)
def ceil(x: Tensor) -> Tensor:
    return torch.ceil(x)


@operation("clip")
def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    # Not torch.clamp's order: where alpha is above beta, beta wins in both.
    return x.clamp(min=alpha).clamp(max=beta)


@operation("cos")
def cos(x: Tensor) -> Tensor:
    return torch.cos(x)


@operation("cosh")
def cosh(x: Tensor) -> Tensor:
    return torch.cosh(x)


@operation("erf")
def erf(x: Tensor) -> Tensor:
    return torch.erf(x)


@operation("exp")
def exp(x: Tensor) -> Tensor:
    return torch.exp(x)


@operation("exp2")
def exp2(x: Tensor) -> Tensor:
    return torch.exp2(x)


@operation("floor", exact=True)
def floor(x: Tensor) -> Tensor:
    return torch.floor(x)


@operation("inverse")
def inverse(x: Tensor, epsilon: float = 1e-4) -> Tensor:
    return torch.reciprocal(x + epsilon)


@operation("log")
def log(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    return torch.log(x + epsilon)


@operation("logical_not", exact=True)
def logical_not(x: Tensor) -> Tensor:
    return torch.logical_not(x)


@operation("round", exact=True)
def round_(x: Tensor) -> Tensor:
    return torch.round(x)


@operation("rsqrt")
def rsqrt(x: Tensor, epsilon: float = 1e-12) -> Tensor:
    return torch.rsqrt(x + epsilon)


@operation("sign", exact=True)
def sign(x: Tensor) -> Tensor:
    return torch.sign(x)


@operation("sin")
def sin(x: Tensor) -> Tensor:
    return torch.sin(x)


@operation("sinh")
def sinh(x: Tensor) -> Tensor:
    return torch.sinh(x)


@operation("sqrt")
def sqrt(x: Tensor) -> Tensor:
    return torch.sqrt(x)


@operation("square")
def square(x: Tensor) -> Tensor:
    return torch.square(x)


@operation("tan")
def tan(x: Tensor) -> Tensor:
    return torch.tan(x)


@operation("tanh")
def tanh(x: Tensor) -> Tensor:
    return torch.tanh(x)


@operation("threshold")
def threshold(x: Tensor, alpha: float) -> Tensor:
    if not x.dtype.is_floating_point:
        return x.clamp(min=int(alpha))
    return x.clamp(min=alpha)


@operation("cast")
def cast(x: Tensor, dtype: str, result: ResultType) -> Tensor:
    # The declared type of the result is the target; bringing the value to it is what follows every operation.
    if result.tensor.dtype == "bool":
        return x != 0
    return x


@operation("select", exact=True)
def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond, a, b)


@operation("identity", exact=True)
def identity(x: Tensor) -> Tensor:
    return x
