"""Order: sorted values, medians, running extremes, places in a sorted list."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import sizes_of
from .table import formula


@formula("sort.stable", instead=lambda *_: True)
def sort_stable(x: Tensor, stable: bool | None, dim: int, descending: bool) -> tuple[Tensor, Tensor]:
    return torch.sort(x, dim=dim, descending=descending)


@formula("kthvalue")
def kthvalue(x: Tensor, k: int, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    values, indices = torch.sort(x, dim=dim)
    values, indices = values.select(dim, k - 1), indices.select(dim, k - 1)
    return (values.unsqueeze(dim), indices.unsqueeze(dim)) if keepdim else (values, indices)


@formula("median", "nanmedian")
def median(x: Tensor) -> Tensor:
    flat = x.reshape(-1)
    return median_along(flat, 0, False)[0]


@formula("median.dim", "nanmedian.dim")
def median_along(x: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    return kthvalue(x, (sizes_of(x)[dim] + 1) // 2, dim, keepdim)


@formula("cummax")
def cummax(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    return _running(x, dim, is_largest=True)


@formula("cummin")
def cummin(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    return _running(x, dim, is_largest=False)


def _running(x: Tensor, dim: int, *, is_largest: bool) -> tuple[Tensor, Tensor]:
    """Double the stretch that each place has seen, until it reaches back to the beginning."""
    values = x.movedim(dim, -1)
    length = sizes_of(values)[-1]
    indices = torch.arange(length).expand(values.shape)
    limits = torch.finfo(x.dtype) if x.is_floating_point() else torch.iinfo(x.dtype)
    outside = limits.min if is_largest else limits.max
    reach = 1
    while reach < length:
        earlier = F.pad(values[..., :-reach], (reach, 0), value=outside)
        places = F.pad(indices[..., :-reach], (reach, 0))
        is_earlier = earlier > values if is_largest else earlier < values
        values, indices = torch.where(is_earlier, earlier, values), torch.where(is_earlier, places, indices)
        reach *= 2
    return values.movedim(-1, dim), indices.movedim(-1, dim)


@formula("bucketize.Tensor")
def bucketize(x: Tensor, boundaries: Tensor, out_int32: bool, right: bool) -> Tensor:
    return _count_before(boundaries, x.unsqueeze(-1), right)


@formula("searchsorted.Tensor", instead=lambda sequence, x, *_: sequence.dim() != x.dim())
def searchsorted(
    sequence: Tensor, x: Tensor, out_int32: bool, right: bool, side: str | None, sorter: Tensor | None
) -> Tensor:
    if sorter is not None:
        sequence = torch.gather(sequence, -1, sorter)
    return _count_before(sequence, x.unsqueeze(-1), right or side == "right")


@formula("searchsorted.Scalar", instead=lambda *_: True)
def searchsorted_number(
    sequence: Tensor, x: float, out_int32: bool, right: bool, side: str | None, sorter: Tensor | None
) -> Tensor:
    return _count_before(sequence if sorter is None else sequence[sorter], x, right or side == "right")


def _count_before(boundaries: Tensor, x: Tensor | float, right: bool) -> Tensor:
    is_before = boundaries <= x if right else boundaries < x
    return is_before.to(torch.int64).sum(-1)


@formula("isin.Tensor_Tensor")
def isin(x: Tensor, wanted: Tensor, assume_unique: bool, invert: bool) -> Tensor:
    found = (x.unsqueeze(-1) == wanted.reshape(-1)).any(-1)
    return found.logical_not() if invert else found


@formula("isin.Tensor_Scalar")
def isin_number(x: Tensor, wanted: float, assume_unique: bool, invert: bool) -> Tensor:
    return x != wanted if invert else x == wanted


@formula("histc")
def histc(x: Tensor, bins: int, low: float, high: float) -> Tensor:
    flat = x.reshape(-1, 1)
    least, most = (flat.min(), flat.max()) if low == high else (low, high)
    place = ((flat - least) * bins / (most - least)).floor().clamp(max=bins - 1)
    is_inside = (flat >= least) & (flat <= most)
    return ((place == torch.arange(bins, dtype=x.dtype)) & is_inside).to(x.dtype).sum(0)


@formula("argmax", instead=lambda x, dim, keepdim: dim is None)
def argmax_of_all(x: Tensor, dim: None, keepdim: bool) -> Tensor:
    found = torch.argmax(x.reshape(-1), 0)
    return found.reshape([1] * x.dim()) if keepdim else found


@formula("argmin", instead=lambda x, dim, keepdim: dim is None)
def argmin_of_all(x: Tensor, dim: None, keepdim: bool) -> Tensor:
    found = torch.argmin(x.reshape(-1), 0)
    return found.reshape([1] * x.dim()) if keepdim else found
