"""Reading images at given coordinates."""

import torch
from torch import Tensor

from ..memory import require_elements
from ..table import operation


def _unnormalized(coordinates: Tensor, size: int, mode: str, align_corners: bool) -> Tensor:
    """Return coordinates in pixels: 0 is the centre of the first one."""
    if mode == "unnormalized":
        return coordinates
    if mode == "normalized_minus_one_to_one":
        coordinates = (coordinates + 1) / 2
    elif mode != "normalized_zero_to_one":
        raise ValueError(f"unknown coordinates_mode “{mode}”")
    return coordinates * (size - 1) if align_corners else coordinates * size - 0.5


def _folded(coordinates: Tensor, low: float, high: float) -> Tensor:
    """Reflect coordinates into ``low .. high``."""
    span = high - low
    if span <= 0:
        return torch.zeros_like(coordinates)
    distance = (coordinates - low).abs().remainder(2 * span)
    return torch.where(distance > span, 2 * span - distance, distance) + low


def _inside(coordinates: Tensor, size: int, padding_mode: str) -> Tensor:
    if padding_mode == "reflection":
        coordinates = _folded(coordinates, 0, size - 1)
    elif padding_mode == "symmetric":
        coordinates = _folded(coordinates, -0.5, size - 0.5)
    elif padding_mode == "constant":
        return coordinates
    elif padding_mode != "border":
        raise ValueError(f"unknown padding_mode “{padding_mode}”")
    return coordinates.clamp(0, size - 1)


def _pixels(images: Tensor, columns: Tensor, rows: Tensor, outside: float) -> Tensor:
    """Return ``images[b, :, rows[b], columns[b]]``; whole positions, ``outside`` where there is no pixel."""
    height, width = images.shape[-2:]
    is_inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    places = rows.clamp(0, height - 1).to(torch.int64) * width + columns.clamp(0, width - 1).to(torch.int64)
    flat = images.flatten(2)
    index = places.flatten(1).unsqueeze(1).expand(-1, flat.shape[1], -1)
    picked = torch.gather(flat, 2, index).reshape(*flat.shape[:2], *places.shape[1:])
    return torch.where(is_inside.unsqueeze(1), picked, torch.tensor(outside, dtype=images.dtype))


def sample(images: Tensor, columns: Tensor, rows: Tensor, sampling_mode: str, outside: float) -> Tensor:
    """Return the values of each image (batch, channel, height, width) at its own coordinates (batch, ...)."""
    if sampling_mode == "nearest":
        return _pixels(images, columns.round(), rows.round(), outside)
    if sampling_mode != "bilinear":
        raise ValueError(f"unknown sampling_mode “{sampling_mode}”")
    left, top = columns.floor(), rows.floor()
    right_share, bottom_share = (columns - left).unsqueeze(1), (rows - top).unsqueeze(1)
    upper = _pixels(images, left, top, outside) * (1 - right_share) + (
        _pixels(images, left + 1, top, outside) * right_share
    )
    lower = _pixels(images, left, top + 1, outside) * (1 - right_share) + (
        _pixels(images, left + 1, top + 1, outside) * right_share
    )
    return upper * (1 - bottom_share) + lower * bottom_share


@operation("resample")
def resample(
    x: Tensor,
    coordinates: Tensor,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    places = coordinates.to(x.dtype)
    height, width = x.shape[-2:]
    columns = _unnormalized(places[..., 0], width, coordinates_mode, align_corners)
    rows = _unnormalized(places[..., 1], height, coordinates_mode, align_corners)
    columns, rows = _inside(columns, width, padding_mode), _inside(rows, height, padding_mode)
    return sample(x, columns, rows, sampling_mode, padding_value)


@operation("affine")
def affine(
    x: Tensor,
    transform_matrix: Tensor,
    output_height: int,
    output_width: int,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    require_elements(x.shape[:2].numel() * output_height * output_width)
    rows, columns = torch.meshgrid(
        _positions(output_height, coordinates_mode, align_corners),
        _positions(output_width, coordinates_mode, align_corners),
        indexing="ij",
    )
    points = torch.stack([columns, rows, torch.ones_like(rows)], -1)
    moved = points @ transform_matrix.reshape(-1, 1, 2, 3).transpose(-1, -2)
    moved = moved.expand(x.shape[0], *moved.shape[1:])
    return resample(x, moved, sampling_mode, padding_mode, padding_value, coordinates_mode, align_corners)


def _positions(count: int, mode: str, align_corners: bool) -> Tensor:
    steps = torch.arange(count, dtype=torch.float32)
    if mode == "unnormalized":
        return steps
    share = steps / max(count - 1, 1) if align_corners else (steps + 0.5) / count
    return share * 2 - 1 if mode == "normalized_minus_one_to_one" else share


def _corners(boxes: Tensor, mode: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return (top, left, bottom, right) of boxes given in any of the four ways."""
    first, second, third, fourth = boxes.unbind(-1)
    if mode.endswith("WIDTH_FIRST"):
        first, second, third, fourth = second, first, fourth, third
    if mode.startswith("CORNERS"):
        return first, second, third, fourth
    if not mode.startswith("CENTER_SIZE"):
        raise ValueError(f"unknown box_coordinate_mode “{mode}”")
    return first - third / 2, second - fourth / 2, first + third / 2, second + fourth / 2


def _crop(
    images: Tensor,
    boxes: Tensor,
    sizes: tuple[int, int],
    normalized: bool,
    scale: float,
    box_mode: str,
    sampling_mode: str,
    pad_value: float,
) -> Tensor:
    """Crop one box from each image; ``boxes`` is (images, 4)."""
    height, width = images.shape[-2:]
    top, left, bottom, right = _corners(boxes, box_mode)
    to_rows, to_columns = (height - 1, width - 1) if normalized else (1, 1)
    rows = _box_points(top * to_rows * scale, bottom * to_rows * scale, sizes[0], sampling_mode)
    columns = _box_points(left * to_columns * scale, right * to_columns * scale, sizes[1], sampling_mode)
    grid_rows = rows.unsqueeze(2).expand(-1, -1, sizes[1])
    grid_columns = columns.unsqueeze(1).expand(-1, sizes[0], -1)
    found = sample(images, grid_columns, grid_rows, "bilinear", pad_value)
    # Nothing is blended with the padding: a point beyond the outermost pixels is padding.
    is_inside = (grid_rows >= 0) & (grid_rows <= height - 1) & (grid_columns >= 0) & (grid_columns <= width - 1)
    return torch.where(is_inside.unsqueeze(1), found, pad_value)


def _box_points(start: Tensor, end: Tensor, count: int, mode: str) -> Tensor:
    rows = []
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        rows.append(first + _points(last - first, count, mode))
    return torch.stack(rows).to(torch.float32)


def _points(span: float, count: int, mode: str) -> Tensor:
    """Return offsets from the start of a box whose corners are ``span`` pixels apart."""
    steps = torch.arange(count, dtype=torch.float64)
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        if count == 1:
            return steps if mode == "STRICT_ALIGN_CORNERS" else steps + span / 2
        return steps * (span / (count - 1))
    size = span + 1
    if mode == "DEFAULT":
        return (steps * (size / count)).clamp(0, max(span, 0))
    if mode == "OFFSET_CORNERS":
        return (steps + 0.5) * (max(1, span) / count)
    if mode == "UNALIGN_CORNERS":
        return ((steps + 0.5) * (size / count) - 0.5).clamp(0, max(span, 0))
    raise ValueError(f"unknown sampling mode “{mode}”")


@operation("crop_resize")
def crop_resize(
    x: Tensor,
    roi: Tensor,
    target_height: int = 1,
    target_width: int = 1,
    normalized_coordinates: bool = False,
    spatial_scale: float = 1.0,
    box_coordinate_mode: str = "CORNERS_HEIGHT_FIRST",
    sampling_mode: str = "DEFAULT",
    pad_value: float = 0.0,
) -> Tensor:
    rows = roi.reshape(roi.shape[0], roi.shape[2])
    require_elements(rows.shape[0] * x.shape[:2].numel() * target_height * target_width)
    settings = (normalized_coordinates, spatial_scale, box_coordinate_mode, sampling_mode, pad_value)
    sizes = (target_height, target_width)
    if rows.shape[1] == 5:
        return _crop(_chosen_images(x, rows[:, 0]), rows[:, 1:], sizes, *settings).unsqueeze(1)
    return torch.stack([_crop(x, row.expand(x.shape[0], 4), sizes, *settings) for row in rows])


@operation("crop_resize", "iOS17")
def crop_resize_17(
    x: Tensor,
    boxes: Tensor,
    box_indices: Tensor | None = None,
    target_height: int = 1,
    target_width: int = 1,
    normalized_coordinates: bool = False,
    spatial_scale: float = 1.0,
    box_coordinate_mode: str = "CORNERS_HEIGHT_FIRST",
    sampling_mode: str = "DEFAULT",
    pad_value: float = 0.0,
) -> Tensor:
    require_elements(boxes.shape[0] * x.shape[1] * target_height * target_width)
    indices = torch.arange(boxes.shape[0]) if box_indices is None else box_indices
    settings = (normalized_coordinates, spatial_scale, box_coordinate_mode, sampling_mode, pad_value)
    return _crop(_chosen_images(x, indices), boxes, (target_height, target_width), *settings)


def _chosen_images(x: Tensor, indices: Tensor) -> Tensor:
    numbers = indices.to(torch.int64)
    if numbers.numel() and (numbers.min() < 0 or numbers.max() >= x.shape[0]):
        raise IndexError(f"a box names an image outside the {x.shape[0]} of the batch")
    return x[numbers]
