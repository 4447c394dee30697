"""Compressed weights; they are unpacked once, when the program is compiled."""

from math import log2, prod

import numpy as np
import torch
from torch import Tensor

from ..bits import unpack_bits
from ..memory import require_elements
from ..table import Ints, operation
from .quantization import along_axis


@operation("constexpr_cast", "iOS16")
def constexpr_cast(source_val: Tensor, output_dtype: str) -> Tensor:
    return source_val


@operation("constexpr_affine_dequantize", "iOS16")
def constexpr_affine_dequantize(quantized_data: Tensor, zero_point: Tensor, scale: Tensor, axis: int) -> Tensor:
    data = quantized_data.to(torch.float32)
    offset = along_axis(zero_point, data, axis).to(torch.float32)
    return along_axis(scale, data, axis) * (data - offset)


@operation("constexpr_lut_to_dense", "iOS16", exact=True)
def constexpr_lut_to_dense(indices: Tensor, lut: Tensor, shape: Ints) -> Tensor:
    """``indices`` is a run of bits: as many an index as the size of the table needs."""
    require_elements(prod(shape))
    width = int(log2(lut.numel()))
    numbers = _unpacked(indices, f"uint{width}", prod(shape)) if width != 8 else indices
    return lut[numbers.to(torch.int64)].reshape(shape)


@operation("constexpr_sparse_to_dense", "iOS16", exact=True)
def constexpr_sparse_to_dense(nonzero_data: Tensor, mask: Tensor, shape: Ints) -> Tensor:
    require_elements(prod(shape))
    return _spread(nonzero_data, _unpacked(mask, "uint1", prod(shape)).reshape(shape))


@operation("constexpr_sparse_to_dense", "iOS18", exact=True)
def constexpr_sparse_to_dense_18(nonzero_data: Tensor, mask: Tensor) -> Tensor:
    return _spread(nonzero_data, mask)


@operation("constexpr_lut_to_dense", "iOS18", exact=True)
def constexpr_lut_to_dense_18(indices: Tensor, lut: Tensor, vector_axis: int | None = None) -> Tensor:
    vectors = _looked_up(indices, lut)
    if vectors.shape[-1] == 1:
        return vectors.squeeze(-1)
    if vector_axis is None:
        raise ValueError("a table of vectors needs its vector_axis")
    axis = vector_axis % indices.ndim
    return vectors.movedim(-1, axis + 1).flatten(axis, axis + 1)


@operation("constexpr_lut_to_sparse", "iOS18", exact=True)
def constexpr_lut_to_sparse(
    indices_mask: Tensor, indices_nonzero_data: Tensor, lut: Tensor, vector_axis: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return the mask of the values, and those values that it keeps."""
    dense = constexpr_lut_to_dense_18(_spread(indices_nonzero_data, indices_mask), lut, vector_axis)
    mask = indices_mask
    if lut.shape[-1] > 1 and vector_axis is not None:
        mask = mask.repeat_interleave(lut.shape[-1], vector_axis)
    return mask, dense[mask != 0]


@operation("constexpr_blockwise_shift_scale", "iOS18")
def constexpr_blockwise_shift_scale(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    wide = data.to(torch.float32)
    if offset is not None:
        wide = wide - _blocks(offset, data).to(torch.float32)
    return wide * _blocks(scale, data)


@operation("constexpr_sparse_blockwise_shift_scale", "iOS18")
def constexpr_sparse_blockwise_shift_scale(
    data_mask: Tensor, nonzero_data: Tensor, scale: Tensor, offset: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    dense = constexpr_blockwise_shift_scale(_spread(nonzero_data, data_mask), scale, offset)
    return data_mask, dense[data_mask != 0]


def _unpacked(packed: Tensor, dtype: str, count: int) -> Tensor:
    return torch.from_numpy(unpack_bits(packed.numpy().astype(np.uint8, copy=False).reshape(-1), dtype, count))


def _spread(values: Tensor, mask: Tensor) -> Tensor:
    """Return zeros with ``values`` in row-major order where the mask is set."""
    if int(mask.sum()) != values.numel():
        raise ValueError(f"the mask keeps {int(mask.sum())} values, and there are {values.numel()}")
    dense = torch.zeros(mask.shape, dtype=values.dtype)
    dense[mask != 0] = values.reshape(-1)
    return dense


def _blocks(parameter: Tensor, data: Tensor) -> Tensor:
    """Repeat each element of a parameter over its block of the data."""
    for axis, size in enumerate(data.shape):
        count = parameter.shape[axis]
        if count and size % count:
            raise ValueError(f"axis {axis} of {size} elements cannot be cut into {count} blocks")
        if count != size:
            parameter = parameter.repeat_interleave(size // max(count, 1), axis)
    return parameter


def _looked_up(indices: Tensor, lut: Tensor) -> Tensor:
    """Return, for each index, its vector; each block of the indices has a table of its own."""
    tables = lut.shape[:-2]
    if len(tables) != indices.ndim:
        raise ValueError(f"a table of rank {lut.ndim} does not fit indices of rank {indices.ndim}")
    which = torch.arange(max(prod(tables), 1)).reshape(tables)
    flat = lut.reshape(-1, lut.shape[-2], lut.shape[-1])
    chosen = indices.to(torch.int64)
    if chosen.numel() and int(chosen.max()) >= lut.shape[-2]:
        raise ValueError(f"an index is outside its table of {lut.shape[-2]} entries")
    return flat[_blocks(which, indices), chosen]
