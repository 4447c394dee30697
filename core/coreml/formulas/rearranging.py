"""Rearranging, choosing and filling."""

from itertools import combinations as combinations_of

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import sizes_of, untraced
from .table import formula


@formula("diagonal", "diagonal_copy", instead=lambda *_: True)
def diagonal(x: Tensor, offset: int, first: int, second: int) -> Tensor:
    last = x.movedim((first, second), (-2, -1))
    rows, columns = sizes_of(last)[-2:]
    places = np.eye(rows, columns, offset).reshape(-1).nonzero()[0]
    return last.flatten(-2)[..., torch.from_numpy(places)]


@formula("diag_embed")
def diag_embed(x: Tensor, offset: int, first: int, second: int) -> Tensor:
    size = sizes_of(x)[-1]
    square = torch.where(torch.from_numpy(np.eye(size, dtype=bool)), x.unsqueeze(-1), 0)
    before, after = max(offset, 0), max(-offset, 0)
    return F.pad(square, (before, after, after, before)).movedim((-2, -1), (first, second))


@formula("fill_diagonal_")
def fill_diagonal(x: Tensor, value: float, wrap: bool) -> Tensor:
    rows, columns = sizes_of(x)
    is_diagonal = np.zeros((rows, columns), dtype=bool)
    np.fill_diagonal(is_diagonal, True, wrap=wrap)
    return torch.where(torch.from_numpy(is_diagonal), torch.full_like(x, value), x)


@formula("diagonal_scatter")
def diagonal_scatter(x: Tensor, source: Tensor, offset: int, first: int, second: int) -> Tensor:
    last = x.movedim((first, second), (-2, -1))
    rows, columns = sizes_of(last)[-2:]
    is_diagonal = torch.from_numpy(np.eye(rows, columns, offset, dtype=bool))
    places = torch.from_numpy((np.arange(rows * columns) // columns - max(-offset, 0)).reshape(rows, columns))
    spread = source[..., places.clamp(0, sizes_of(source)[-1] - 1)]
    return torch.where(is_diagonal, spread, last).movedim((-2, -1), (first, second))


@formula("as_strided")
def as_strided(x: Tensor, size: list[int], stride: list[int], offset: int | None) -> Tensor:
    if not x.is_contiguous():
        raise ValueError("the order of the elements in memory is not known")
    places = np.full(size, offset or 0)
    for axis, (length, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(length) * step).reshape([-1 if other == axis else 1 for other in range(len(size))])
    return x.reshape(-1)[torch.from_numpy(places)]


def _is_shorter(x: Tensor, dim: int, index: Tensor, *_: object) -> bool:
    return any(a != b for axis, (a, b) in enumerate(zip(x.shape, index.shape, strict=True)) if axis != dim % x.dim())


@formula("gather", instead=_is_shorter)
def gather(x: Tensor, dim: int, index: Tensor, sparse_grad: bool) -> Tensor:
    for axis, size in enumerate(sizes_of(index)):
        if axis != dim % x.dim():
            x = x.narrow(axis, 0, size)
    return torch.gather(x, dim, index)


@formula("repeat_interleave.self_Tensor", instead=lambda *_: True)
def repeat_interleave(x: Tensor, repeats: Tensor, dim: int | None, output_size: int | None) -> Tensor:
    if dim is None:
        x, dim = x.reshape(-1), 0
    with untraced():
        counts = repeats.expand(sizes_of(x)[dim]).tolist()
    if not any(counts):
        raise ValueError("the counts are known only while the model runs")
    return x.index_select(dim, torch.from_numpy(np.repeat(np.arange(len(counts)), counts)))


@formula("masked_scatter")
def masked_scatter(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    is_chosen = mask.expand_as(x).reshape(-1)
    turn = (is_chosen.to(torch.int32).cumsum(0) - 1).clamp(min=0)
    return torch.where(is_chosen, source.reshape(-1)[turn], x.reshape(-1)).reshape(sizes_of(x))


@formula("combinations")
def combinations(x: Tensor, r: int, with_replacement: bool) -> Tensor:
    if with_replacement:
        raise ValueError("only without replacement")
    places = np.array(list(combinations_of(range(sizes_of(x)[0]), r)))
    return x[torch.from_numpy(places)]


def _cut(x: Tensor, axis: int, begin: int, end: int | None) -> Tensor:
    return x[(slice(None),) * axis + (slice(begin, end),)]


@formula("pad", instead=lambda x, pad, mode, value: mode == "circular" or any(size < 0 for size in pad))
def pad(x: Tensor, pad: list[int], mode: str, value: float | None) -> Tensor:
    for position in range(len(pad) // 2):
        axis = x.dim() - 1 - position
        before, after = pad[2 * position : 2 * position + 2]
        x = _cut(x, axis, max(-before, 0), min(after, 0) or None)
        if mode == "circular":
            parts = [_cut(x, axis, -before, None)] if before > 0 else []
            parts += [x, _cut(x, axis, 0, after)] if after > 0 else [x]
            x = torch.cat(parts, axis)
    wanted = [max(size, 0) for size in pad]
    return x if mode == "circular" or not any(wanted) else F.pad(x, wanted, mode=mode, value=value)


@formula("embedding_bag.padding_idx", "embedding_bag")
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Tensor | None,
    include_last_offset: bool,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each bag is a row of a matrix that says which elements are in it."""
    place = torch.arange(sizes_of(indices)[0])
    starts = offsets[:-1] if include_last_offset else offsets
    ends = torch.cat([starts[1:], torch.full((1,), sizes_of(indices)[0])])
    is_inside = (place >= starts.unsqueeze(1)) & (place < ends.unsqueeze(1))
    if padding_idx is not None:
        is_inside = is_inside & (indices != padding_idx % sizes_of(weight)[0])
    rows = F.embedding(indices, weight)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(1)
    count = is_inside.to(rows.dtype).sum(1, keepdim=True)
    if mode == 2:
        least = torch.finfo(rows.dtype).min
        bags = torch.where(is_inside.unsqueeze(-1), rows, least).amax(1)
        bags = torch.where(count > 0, bags, 0.0)
    else:
        bags = torch.matmul(is_inside.to(rows.dtype), rows)
        bags = bags / count.clamp(min=1.0) if mode == 1 else bags
    return bags, indices, offsets, offsets
