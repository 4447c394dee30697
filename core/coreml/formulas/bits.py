"""Bits of integers, which Core ML has no operations on, by division: its integers have 32 bits, in two's complement."""

from typing import TypeAlias

import torch
from torch import Tensor

from .table import formula

Operand: TypeAlias = Tensor | int
_SIGN = -(2**31)


def _are_integers(x: Operand, y: Operand) -> bool:
    return any(isinstance(item, Tensor) and item.dtype is not torch.bool for item in (x, y))


@formula("bitwise_and", "__and__", "__iand__", "and", instead=_are_integers)
def bitwise_and(x: Operand, y: Operand) -> Tensor:
    number, tensor = (x, y) if isinstance(x, int) else (y, x)
    assert isinstance(tensor, Tensor)
    if isinstance(number, int) and number < 0:
        return tensor - bitwise_and(tensor, ~number)
    total = torch.zeros_like(tensor)
    for place in range(31):
        bit = 2**place
        if isinstance(number, int):
            if number & bit:
                total = total + _bit(tensor, bit) * bit
        else:
            total = total + _bit(tensor, bit) * _bit(number, bit) * bit
    if isinstance(number, int):
        return total
    return total + ((tensor < 0) & (number < 0)).to(tensor.dtype) * _SIGN


@formula("bitwise_or", "__or__", "__ior__", "or", instead=_are_integers)
def bitwise_or(x: Operand, y: Operand) -> Tensor:
    return x + (y - bitwise_and(x, y))


@formula("bitwise_xor", "__xor__", "__ixor__", "xor", instead=_are_integers)
def bitwise_xor(x: Operand, y: Operand) -> Tensor:
    both = bitwise_and(x, y)
    return (x - both) + (y - both)


@formula("bitwise_not", instead=lambda x: x.dtype is not torch.bool)
def bitwise_not(x: Tensor) -> Tensor:
    return -1 - x


@formula("__lshift__", "__ilshift__", "bitwise_left_shift")
def left_shift(x: Tensor, places: Operand) -> Tensor:
    return x * _power_of_two(places)


@formula("__rshift__", "__irshift__", "bitwise_right_shift")
def right_shift(x: Tensor, places: Operand) -> Tensor:
    return torch.div(x, _power_of_two(places), rounding_mode="floor")


def _bit(x: Tensor, bit: int) -> Tensor:
    return torch.div(x, bit, rounding_mode="floor") % 2


def _power_of_two(places: Operand) -> Operand:
    if isinstance(places, int):
        return 1 << places
    return torch.pow(2.0, places.to(torch.float32)).to(places.dtype)
