"""Reductions over axes (without ``axes`` over all of them), and running sums."""

import torch
from torch import Tensor

from ..table import Ints, operation


def _axes(x: Tensor, axes: Ints | None) -> Ints:
    return tuple(range(x.ndim)) if axes is None or not axes else axes


@operation("reduce_sum")
def reduce_sum(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.sum(x, _axes(x, axes), keep_dims)


@operation("reduce_mean")
def reduce_mean(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    if x.dtype.is_floating_point:
        return torch.mean(x, _axes(x, axes), keep_dims)
    return torch.mean(x.double(), _axes(x, axes), keep_dims)


@operation("reduce_max", exact=True)
def reduce_max(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.amax(x, _axes(x, axes), keep_dims)


@operation("reduce_min", exact=True)
def reduce_min(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.amin(x, _axes(x, axes), keep_dims)


@operation("reduce_prod")
def reduce_prod(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    for axis in sorted((axis % max(x.ndim, 1) for axis in _axes(x, axes)), reverse=True):
        x = torch.prod(x, axis, keep_dims)
    return x


@operation("reduce_l1_norm")
def reduce_l1_norm(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.sum(x.abs(), _axes(x, axes), keep_dims)


@operation("reduce_l2_norm")
def reduce_l2_norm(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    wide = x if x.dtype.is_floating_point else x.double()
    return torch.sum(wide.square(), _axes(x, axes), keep_dims).sqrt()


@operation("reduce_log_sum")
def reduce_log_sum(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.log(torch.sum(x, _axes(x, axes), keep_dims))


@operation("reduce_log_sum_exp")
def reduce_log_sum_exp(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    wide = x if x.dtype.is_floating_point else x.double()
    return torch.logsumexp(wide, _axes(x, axes), keep_dims)


@operation("reduce_sum_square")
def reduce_sum_square(x: Tensor, axes: Ints | None = None, keep_dims: bool = False) -> Tensor:
    return torch.sum(x.square(), _axes(x, axes), keep_dims)


@operation("reduce_argmax", exact=True)
def reduce_argmax(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    # The first of equal values, as numpy gives it; torch promises nothing.
    return _first_index(x == torch.amax(x, axis, keepdim=True), axis, keep_dims)


@operation("reduce_argmin", exact=True)
def reduce_argmin(x: Tensor, axis: int = -1, keep_dims: bool = False, output_dtype: str = "int32") -> Tensor:
    return _first_index(x == torch.amin(x, axis, keepdim=True), axis, keep_dims)


def _first_index(is_chosen: Tensor, axis: int, keep_dims: bool) -> Tensor:
    return torch.argmax(is_chosen.to(torch.uint8), axis, keepdim=keep_dims)


@operation("cumsum")
def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    source = x.flip(axis) if reverse else x
    total = torch.cumsum(source, axis)
    if exclusive:
        # Shifted, not subtracted: what was added cannot be taken out again exactly.
        total = torch.cat(
            [torch.zeros_like(total.narrow(axis, 0, 1)), total.narrow(axis, 0, total.shape[axis] - 1)], axis
        )
    return total.flip(axis) if reverse else total
