"""Moving values between channels, batch and space."""

import torch.nn.functional as F
from torch import Tensor

from ..table import Ints, operation


@operation("depth_to_space", exact=True)
def depth_to_space(x: Tensor, block_size: int) -> Tensor:
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, block_size, block_size, channels // block_size**2, height, width)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(
        batch, channels // block_size**2, height * block_size, width * block_size
    )


@operation("space_to_depth", exact=True)
def space_to_depth(x: Tensor, block_size: int) -> Tensor:
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, channels, height // block_size, block_size, width // block_size, block_size)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(
        batch, channels * block_size**2, height // block_size, width // block_size
    )


@operation("pixel_shuffle", exact=True)
def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    return F.pixel_shuffle(x, upscale_factor)


@operation("pixel_unshuffle", "iOS16", exact=True)
def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    return F.pixel_unshuffle(x, downscale_factor)


def _pairs(values: Ints) -> list[tuple[int, int]]:
    return list(zip(values[0::2], values[1::2], strict=True))


@operation("space_to_batch", exact=True)
def space_to_batch(x: Tensor, block_shape: Ints, paddings: Ints) -> Tensor:
    """Pad the spatial axes, then put each position inside a block into the batch, the block's position outermost."""
    count = len(block_shape)
    flat = [size for pair in reversed(_pairs(paddings)) for size in pair]
    x = F.pad(x, [0, 0] * (x.ndim - 2 - count) + flat)
    batch, channels, *sizes = x.shape
    shape = [batch, channels]
    for size, block in zip(sizes, block_shape, strict=True):
        shape += [size // block, block]
    order = [3 + 2 * i for i in range(count)] + [0, 1] + [2 + 2 * i for i in range(count)]
    blocks = x.reshape(shape).permute(order)
    return blocks.reshape(-1, channels, *blocks.shape[count + 2 :])


@operation("batch_to_space", exact=True)
def batch_to_space(x: Tensor, block_shape: Ints, crops: Ints) -> Tensor:
    count = len(block_shape)
    batch, channels, *sizes = x.shape
    outer = batch
    for block in block_shape:
        outer //= block
    blocks = x.reshape(*block_shape, outer, channels, *sizes)
    order = [count, count + 1]
    for i in range(count):
        order += [count + 2 + i, i]
    result = blocks.permute(order).reshape(
        outer, channels, *[size * block for size, block in zip(sizes, block_shape, strict=True)]
    )
    for axis, (before, after) in enumerate(_pairs(crops), start=2):
        result = result.narrow(axis, before, result.shape[axis] - before - after)
    return result
