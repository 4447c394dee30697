"""Matrix products and attention."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..table import Call, Tensors, operation, prepare


@operation("linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if x.dtype.is_floating_point:
        return F.linear(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype))
    product = torch.matmul(x, weight.to(x.dtype).transpose(-1, -2))
    return product if bias is None else product + bias.to(x.dtype)


@prepare("linear")
def _linear(call: Call) -> Callable[..., Tensor] | None:
    return F.linear if call.is_float32("x", "weight", "bias") else None


@operation("matmul")
def matmul(x: Tensor, y: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    if transpose_x and x.ndim > 1:
        x = x.transpose(-1, -2)
    if transpose_y and y.ndim > 1:
        y = y.transpose(-1, -2)
    if x.dtype != y.dtype:
        wide = torch.promote_types(x.dtype, y.dtype)
        x, y = x.to(wide), y.to(wide)
    return torch.matmul(x, y)


@operation("einsum")
def einsum(values: Tensors, equation: str) -> Tensor:
    return torch.einsum(equation, *values)


@operation("scaled_dot_product_attention", "iOS18")
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, attn_mask)
