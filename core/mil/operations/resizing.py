"""Changing the size of images by interpolation between pixels."""

from collections.abc import Callable
from math import floor

import torch
import torch.nn.functional as F
from torch import Tensor

from ..memory import require_elements
from ..table import Call, Ints, operation, prepare


def grid_points(size: int, count: int, mode: str) -> Tensor:
    """Return where, between 0 and ``size - 1``, each of ``count`` outputs is read; see resize_bilinear."""
    steps = torch.arange(count, dtype=torch.float64)
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        if count == 1:
            points = steps if mode == "STRICT_ALIGN_CORNERS" else steps + (size - 1) / 2
        else:
            points = steps * ((size - 1) / (count - 1))
    elif mode == "DEFAULT":
        points = steps * (size / count)
    elif mode == "OFFSET_CORNERS":
        points = (steps + 0.5) * (max(1, size - 1) / count)
    elif mode == "UNALIGN_CORNERS":
        points = (steps + 0.5) * (size / count) - 0.5
    else:
        raise ValueError(f"unknown sampling mode “{mode}”")
    return points.clamp(0, size - 1)


def _interpolate(x: Tensor, axis: int, points: Tensor) -> Tensor:
    low = points.floor()
    high = (low + 1).clamp(max=x.shape[axis] - 1)
    share = (points - low).to(x.dtype).reshape(-1, *[1] * (x.ndim - 1 - axis % x.ndim))
    below = x.index_select(axis, low.to(torch.int64))
    return below + (x.index_select(axis, high.to(torch.int64)) - below) * share


def _linear(x: Tensor, height: int, width: int, mode: str) -> Tensor:
    require_elements(x.shape[:-2].numel() * height * width)
    if mode in ("UNALIGN_CORNERS", "STRICT_ALIGN_CORNERS"):
        images = x.reshape(-1, 1, *x.shape[-2:])
        scaled = F.interpolate(images, (height, width), mode="bilinear", align_corners=mode != "UNALIGN_CORNERS")
        return scaled.reshape(*x.shape[:-2], height, width)
    x = _interpolate(x, -2, grid_points(x.shape[-2], height, mode))
    return _interpolate(x, -1, grid_points(x.shape[-1], width, mode))


def _nearest(x: Tensor, height: int, width: int) -> Tensor:
    require_elements(x.shape[:-2].numel() * height * width)
    images = x.reshape(-1, 1, *x.shape[-2:])
    return F.interpolate(images, (height, width), mode="nearest").reshape(*x.shape[:-2], height, width)


def _scaled(size: int, factor: float) -> int:
    # A factor such as 1.1 is stored in single precision; the product must not fall below the whole number it means.
    return floor(size * factor + 1e-4)


@operation("upsample_nearest_neighbor", exact=True)
def upsample_nearest_neighbor(x: Tensor, scale_factor_height: float = 1, scale_factor_width: float = 1) -> Tensor:
    return _nearest(x, _scaled(x.shape[-2], scale_factor_height), _scaled(x.shape[-1], scale_factor_width))


@operation("resize_nearest_neighbor", exact=True)
def resize_nearest_neighbor(x: Tensor, target_size_height: int, target_size_width: int) -> Tensor:
    return _nearest(x, target_size_height, target_size_width)


@operation("upsample_bilinear")
def upsample_bilinear(
    x: Tensor,
    scale_factor_height: float = 1,
    scale_factor_width: float = 1,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    centred = not align_corners if half_pixel_centers is None else half_pixel_centers
    mode = "STRICT_ALIGN_CORNERS" if align_corners else "UNALIGN_CORNERS" if centred else "DEFAULT"
    return _linear(x, _scaled(x.shape[-2], scale_factor_height), _scaled(x.shape[-1], scale_factor_width), mode)


@operation("resize_bilinear")
def resize_bilinear(
    x: Tensor, target_size_height: int = 1, target_size_width: int = 1, sampling_mode: str = "DEFAULT"
) -> Tensor:
    return _linear(x, target_size_height, target_size_width, sampling_mode)


@operation("resize", "iOS17")
def resize(
    x: Tensor, shape: Ints, resized_dims: int, interpolation_mode: str = "LINEAR", sampling_mode: str = "DEFAULT"
) -> Tensor:
    """The last ``resized_dims`` sizes of ``shape`` are wanted; 0 keeps the size that ``x`` has there."""
    wanted = shape[len(shape) - resized_dims :]
    first = x.ndim - resized_dims
    sizes = [size or x.shape[first + i] for i, size in enumerate(wanted)]
    require_elements(x.shape[:first].numel() * torch.Size(sizes).numel())
    for i, size in enumerate(sizes):
        axis = first + i
        if size == x.shape[axis]:
            continue
        if interpolation_mode == "LINEAR":
            x = _interpolate(x, axis, grid_points(x.shape[axis], size, sampling_mode))
        elif interpolation_mode == "NEAREST_NEIGHBOR":
            x = x.index_select(axis, _nearest_indices(x.shape[axis], size, sampling_mode))
        else:
            raise ValueError(f"unknown interpolation mode “{interpolation_mode}”")
    return x


def _nearest_indices(size: int, count: int, mode: str) -> Tensor:
    """Return the pixel nearest to each grid point: unlike resize_nearest_neighbor, ``resize`` rounds."""
    return torch.floor(grid_points(size, count, mode) + 0.5).clamp(max=size - 1).to(torch.int64)


@operation("crop", exact=True)
def crop(x: Tensor, crop_height: Ints, crop_width: Ints) -> Tensor:
    height, width = x.shape[-2:]
    return x[..., crop_height[0] : height - crop_height[1], crop_width[0] : width - crop_width[1]]


@prepare("upsample_nearest_neighbor")
def _upsample_nearest(call: Call) -> Callable[..., Tensor] | None:
    """A whole factor on images with channels is one call of torch."""
    height, width = call.constants["scale_factor_height"], call.constants["scale_factor_width"]
    if call.rank("x") != 4 or height != int(height) or width != int(width):
        return None
    factors = (float(height), float(width))
    return lambda x: F.interpolate(x, scale_factor=factors, mode="nearest")
