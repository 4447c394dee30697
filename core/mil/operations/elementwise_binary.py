"""Arithmetic, comparisons and logic on two tensors, broadcast as numpy does."""

import torch
from torch import Tensor

from ..table import operation


@operation("add")
def add(x: Tensor, y: Tensor) -> Tensor:
    return torch.add(x, y)


@operation("sub")
def sub(x: Tensor, y: Tensor) -> Tensor:
    return torch.sub(x, y)


@operation("mul")
def mul(x: Tensor, y: Tensor) -> Tensor:
    return torch.mul(x, y)


@operation("real_div")
def real_div(x: Tensor, y: Tensor) -> Tensor:
    if x.dtype.is_floating_point:
        return torch.div(x, y)
    # Integers: the quotient is declared an integer too, and is cut off towards zero. Zero divisors give zero.
    return torch.where(y == 0, 0, torch.div(x.double(), y.double())).to(x.dtype)


@operation("floor_div")
def floor_div(x: Tensor, y: Tensor) -> Tensor:
    if x.dtype.is_floating_point:
        return torch.floor(torch.div(x, y))
    return torch.floor_divide(x, y)


@operation("mod")
def mod(x: Tensor, y: Tensor) -> Tensor:
    return torch.remainder(x, y)


@operation("pow")
def pow_(x: Tensor, y: Tensor) -> Tensor:
    if x.dtype.is_floating_point:
        return torch.pow(x, y)
    return torch.pow(x.double(), y.double()).to(x.dtype)


@operation("maximum", exact=True)
def maximum(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x, y)


@operation("minimum", exact=True)
def minimum(x: Tensor, y: Tensor) -> Tensor:
    return torch.minimum(x, y)


@operation("equal", exact=True)
def equal(x: Tensor, y: Tensor) -> Tensor:
    return torch.eq(x, y)


@operation("not_equal", exact=True)
def not_equal(x: Tensor, y: Tensor) -> Tensor:
    return torch.ne(x, y)


@operation("greater", exact=True)
def greater(x: Tensor, y: Tensor) -> Tensor:
    return torch.gt(x, y)


@operation("greater_equal", exact=True)
def greater_equal(x: Tensor, y: Tensor) -> Tensor:
    return torch.ge(x, y)


@operation("less", exact=True)
def less(x: Tensor, y: Tensor) -> Tensor:
    return torch.lt(x, y)


@operation("less_equal", exact=True)
def less_equal(x: Tensor, y: Tensor) -> Tensor:
    return torch.le(x, y)


@operation("logical_and", exact=True)
def logical_and(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_and(x, y)


@operation("logical_or", exact=True)
def logical_or(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_or(x, y)


@operation("logical_xor", exact=True)
def logical_xor(x: Tensor, y: Tensor) -> Tensor:
    return torch.logical_xor(x, y)
