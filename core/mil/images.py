"""Pictures as arrays of a program, and back. Scale and bias are operations of the program, not of its inputs."""

from typing import Any

import numpy as np

from ..errors import fail
from .features import ImageFeature

_MODES = {"rgb": "RGB", "bgr": "RGB", "grayscale": "L", "grayscale_fp16": "F"}


def image_array(name: str, kind: ImageFeature, value: Any) -> np.ndarray[Any, Any]:
    """Return a picture as 1 x channels x height x width, 0 to 255, in the channel order that the model takes.

    Args:
        value: a PIL image; or an array: height x width (x 3, in RGB order), or already 1 x channels x height x width,
            in the model's own channel order.
    """
    pixels = _pixels(name, kind, value)
    height, width = pixels.shape[-2:]
    if not _fits(kind, width, height):
        fail(
            "call.input-shape",
            f"The picture for “{name}” has {width} x {height} pixels.",
            hint=f"The model takes {kind.width} x {kind.height}"
            + (" and other sizes." if kind.ranges or kind.enumerated else "."),
        )
    return pixels.astype(np.float32)


def _fits(kind: ImageFeature, width: int, height: int) -> bool:
    if kind.enumerated:
        return (width, height) in kind.enumerated
    if kind.ranges is not None:
        return width in kind.ranges[0] and height in kind.ranges[1]
    return (width, height) == (kind.width, kind.height)


def _pixels(name: str, kind: ImageFeature, value: Any) -> np.ndarray[Any, Any]:  # noqa: RET503
    if hasattr(value, "convert") and hasattr(value, "mode"):
        wanted = _MODES[kind.color]
        if wanted != "F" and value.mode.partition(";")[0] in ("I", "F"):
            _check_eight_bits(name, value)
        value = np.asarray(value if value.mode == wanted else value.convert(wanted))
    array: np.ndarray[Any, Any] = np.asarray(value)
    if array.dtype.kind not in "biuf":
        fail("call.input-type", f"The input “{name}” takes a picture.")
    if array.ndim == 4 and array.shape[:2] == (1, kind.channels):
        return array
    if array.ndim == 2 and kind.channels == 1:
        return array[None, None]
    if array.ndim == 3 and array.shape[2] == kind.channels == 3:
        planes = array.transpose(2, 0, 1)
        return np.ascontiguousarray(planes[::-1] if kind.color == "bgr" else planes)[None]
    fail(
        "call.input-shape",
        f"The picture for “{name}” has shape {list(array.shape)}; the model takes a {kind.color} image.",
    )


def _check_eight_bits(name: str, value: Any) -> None:
    """Refuse a picture of 16 or 32 bits whose pixels PIL would silently cut off at 255."""
    low, high = float(np.min(value)), float(np.max(value))
    if low < 0 or high > 255:
        fail(
            "call.input-type",
            f"The picture for “{name}” has the mode {value.mode} and pixels from {low:g} to {high:g}; the model takes "
            "0 to 255.",
            hint="Scale it to 8 bits first: Image.fromarray((np.asarray(image) / 257).astype(np.uint8)) for 16 bits.",
        )


def picture(array: np.ndarray[Any, Any], kind: ImageFeature) -> np.ndarray[Any, Any]:
    """Return a program's image output as the array of its picture: height x width (x RGB), uint8; float16 stays."""
    planes: np.ndarray[Any, Any] = array.reshape(array.shape[-3:])
    if kind.color == "grayscale_fp16":
        half: np.ndarray[Any, Any] = planes[0].astype(np.float16)
        return half
    whole: np.ndarray[Any, Any] = np.clip(np.rint(planes.astype(np.float32)), 0, 255).astype(np.uint8)
    if kind.channels == 1:
        return np.asarray(whole[0])
    return np.ascontiguousarray((whole[::-1] if kind.color == "bgr" else whole).transpose(1, 2, 0))
