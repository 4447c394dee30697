"""Pooling, folding and transposed convolution, for arguments that Core ML's own operations do not take."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import sizes_of
from .table import formula


@formula("max_pool2d", instead=lambda x, size, stride, padding, dilation, ceil_mode: max(dilation) > 1)
def max_pool2d(
    x: Tensor, size: list[int], stride: list[int], padding: list[int], dilation: list[int], ceil_mode: bool
) -> Tensor:
    return _pooled(x, size, stride, padding, dilation, ceil_mode)[0]


@formula("max_pool2d_with_indices", instead=lambda *_: True)
def max_pool2d_with_indices(
    x: Tensor, size: list[int], stride: list[int], padding: list[int], dilation: list[int], ceil_mode: bool
) -> tuple[Tensor, Tensor]:
    return _pooled(x, size, stride, padding, dilation, ceil_mode)


def _pooled(
    x: Tensor, size: list[int], stride: list[int], padding: list[int], dilation: list[int], ceil_mode: bool
) -> tuple[Tensor, Tensor]:
    """Return the largest of each window, and where it is in the picture, rows joined."""
    size, padding, dilation = (_pair(item) for item in (size, padding, dilation))
    stride = _pair(stride) if stride else size
    lengths = sizes_of(x)[-2:]
    counts = []
    for axis in range(2):
        room = lengths[axis] + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1
        count = (-(-room // stride[axis]) if ceil_mode else room // stride[axis]) + 1
        # A window that would begin beyond the picture and the padding before it is left out.
        counts.append(count - ((count - 1) * stride[axis] >= lengths[axis] + padding[axis]))
    ends = [
        max(
            (counts[axis] - 1) * stride[axis] + dilation[axis] * (size[axis] - 1) + 1 - lengths[axis] - padding[axis], 0
        )
        for axis in range(2)
    ]
    wide = F.pad(x, (padding[1], ends[1], padding[0], ends[0]), value=torch.finfo(x.dtype).min)
    best, place = None, None
    for row in range(size[0]):
        for column in range(size[1]):
            rows, columns = (
                np.arange(counts[axis]) * stride[axis] + offset * dilation[axis]
                for axis, offset in enumerate((row, column))
            )
            part = wide[
                ..., int(rows[0]) : int(rows[-1]) + 1 : stride[0], int(columns[0]) : int(columns[-1]) + 1 : stride[1]
            ]
            index = torch.from_numpy((rows[:, None] - padding[0]) * lengths[1] + columns[None] - padding[1])
            if best is None or place is None:
                best, place = part, index.expand(part.shape)
            else:
                is_better = part > best
                best, place = torch.where(is_better, part, best), torch.where(is_better, index, place)
    assert best is not None
    assert place is not None
    return best, place


def _pair(values: list[int]) -> list[int]:
    return list(values) * 2 if len(values) == 1 else list(values)


@formula("max_unpool2d")
def max_unpool2d(x: Tensor, indices: Tensor, output_size: list[int]) -> Tensor:
    lead = sizes_of(x)[:-2]
    empty = torch.zeros([*lead, output_size[0] * output_size[1]], dtype=x.dtype)
    return empty.scatter(-1, indices.flatten(-2), x.flatten(-2)).reshape([*lead, *output_size])


@formula(
    "avg_pool2d",
    instead=lambda x, size, stride, padding, ceil_mode, count, divisor: divisor is not None and not ceil_mode,
)
def avg_pool2d(
    x: Tensor,
    size: list[int],
    stride: list[int],
    padding: list[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int,
) -> Tensor:
    height, width = _pair(size)
    return F.avg_pool2d(x, size, stride or size, padding) * (height * width / divisor)


@formula("_adaptive_avg_pool3d", "adaptive_avg_pool3d")
def adaptive_avg_pool3d(x: Tensor, output_size: list[int]) -> Tensor:
    for axis, count in zip((-3, -2, -1), output_size, strict=True):
        x = torch.matmul(x.movedim(axis, -1), torch.from_numpy(_shares(sizes_of(x)[axis], count))).movedim(-1, axis)
    return x


def _shares(length: int, count: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    shares = np.zeros((length, count), dtype=np.float32)
    for place in range(count):
        begin, end = place * length // count, -(-(place + 1) * length // count)
        shares[begin:end, place] = 1 / (end - begin)
    return shares


def _overlap(
    x: Tensor, output_size: list[int], size: list[int], dilation: list[int], padding: list[int], stride: list[int]
) -> bool:
    return any(step < width for step, width in zip(stride, size, strict=True)) or max(dilation) > 1


@formula("col2im", instead=_overlap)
def fold(
    x: Tensor, output_size: list[int], size: list[int], dilation: list[int], padding: list[int], stride: list[int]
) -> Tensor:
    """A transposed convolution puts each element where its kernel's only one is, and adds."""
    count = size[0] * size[1]
    channels = sizes_of(x)[-2] // count
    windows = [
        (output_size[axis] + 2 * padding[axis] - dilation[axis] * (size[axis] - 1) - 1) // stride[axis] + 1
        for axis in range(2)
    ]
    kernel = torch.from_numpy(np.tile(np.eye(count, dtype=np.float32), (channels, 1)).reshape(-1, 1, *size))
    picture = x.reshape(-1, channels * count, *windows)
    whole = F.conv_transpose2d(picture, kernel, stride=stride, dilation=dilation, groups=channels)
    rest = [output_size[axis] + padding[axis] - sizes_of(whole)[axis + 2] for axis in range(2)]
    return F.pad(whole, (-padding[1], rest[1], -padding[0], rest[0])).reshape(*sizes_of(x)[:-2], channels, *output_size)


def _is_padded_at_the_end(*arguments: object) -> bool:
    padding, is_transposed, output_padding = arguments[4], arguments[6], arguments[7]
    return bool(is_transposed) and any(_numbers(output_padding)) and not any(_numbers(padding))


def _numbers(value: object) -> Iterator[int]:
    assert isinstance(value, list)
    yield from value


@formula("_convolution", "convolution", instead=_is_padded_at_the_end)
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
    *rest: object,
) -> Tensor:
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(stride) - 1]
    whole = function(x, weight, None, stride, padding, 0, groups, dilation)
    whole = F.pad(whole, [side for size in reversed(output_padding) for side in (0, size)])
    return whole if bias is None else whole + bias.reshape([-1, *[1] * len(stride)])
