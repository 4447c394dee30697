"""Pictures: from mean and std as people know them to the scale and bias that Core ML has, and what that costs."""

from dataclasses import dataclass

import numpy as np

from ..recipe.model import CoreMLImage

BRIGHTEST = 255.0


@dataclass(frozen=True)
class Preprocessing:
    """What Core ML does to a pixel: ``scale * pixel + bias`` of its channel."""

    scale: float
    bias: tuple[float, ...]
    """One a channel, in the order of the picture's layout."""
    largest_error: float
    """Largest difference to (pixel - mean) / std over all pixels and channels, in the units of the model's input."""


def channels_of(image: CoreMLImage) -> int:
    return 1 if image.layout.startswith("grayscale") else 3


def mean_and_std(image: CoreMLImage) -> tuple[np.ndarray, np.ndarray]:
    """Return both for each channel, in units of ``white``."""
    count = channels_of(image)
    mean = np.broadcast_to(np.array(image.mean or (0.0,), dtype=np.float64), (count,))
    std = np.broadcast_to(np.array(image.std or (1.0,), dtype=np.float64), (count,))
    return mean, std


def preprocessing(image: CoreMLImage) -> Preprocessing:
    """Return the scale and biases that come nearest to mean and std.

    Core ML has one scale for all channels. Where the stds differ, the scale halfway between the steepest and the
    flattest channel, with the biases that split each channel's error between black and white, has the least largest
    error: a quarter of the spread of white / std.
    """
    mean, std = mean_and_std(image)
    steepness = image.white / std
    middle = 1.0 if image.exact else float((steepness.max() + steepness.min()) / 2)
    if image.exact:
        return Preprocessing(scale=image.white / BRIGHTEST, bias=(0.0,) * len(std), largest_error=0.0)
    bias = -mean / std + (steepness - middle) / 2
    return Preprocessing(
        scale=middle / BRIGHTEST,
        bias=tuple(float(value) for value in bias),
        largest_error=float(np.abs(steepness - middle).max() / 2),
    )


def in_words(name: str, image: CoreMLImage, height: str, width: str) -> str:
    """Say what the app must feed, and how exactly Core ML follows mean and std."""
    kind = {
        "rgb": "colour picture",
        "bgr": "colour picture (the model was trained on blue, green, red)",
        "grayscale": "grey picture of 8 bits",
        "grayscale_float16": "grey picture of float16 pixels",
    }[image.layout]
    done = preprocessing(image)
    text = f"Input {name!r}: the app passes a {kind} of {height} x {width} pixels (height x width), as it is. "
    if image.exact:
        return text + "Mean and std are part of the program, exactly."
    biases = ", ".join(f"{value:.4g}" for value in done.bias)
    text += f"Core ML computes {done.scale:.6g} · pixel + ({biases}). "
    if done.largest_error < 1e-9:
        return text + "That is (pixel − mean) / std exactly."
    mean, std = mean_and_std(image)
    span = float(((image.white - mean) / std).max() - (-mean / std).min())
    return text + (
        f"It differs from (pixel − mean) / std by {done.largest_error:.3g} at most "
        f"({done.largest_error / span:.2%} of the range), because Core ML has one scale for all channels; "
        "exact = true removes the difference."
    )


def to_pixels(values: np.ndarray, image: CoreMLImage) -> np.ndarray:
    """Return the picture (1 x channels x height x width, 0 to 255) that is nearest to an input of the model."""
    mean, std = (item.reshape(1, -1, 1, 1) for item in mean_and_std(image))
    pixels = (values.astype(np.float64) * std + mean) / image.white * BRIGHTEST
    return np.asarray(np.clip(np.rint(pixels), 0, BRIGHTEST))


def from_pixels(pixels: np.ndarray, image: CoreMLImage) -> np.ndarray:
    """Return what the model sees of a picture: (pixel - mean) / std."""
    mean, std = (item.reshape(1, -1, 1, 1) for item in mean_and_std(image))
    return np.asarray((pixels / BRIGHTEST * image.white - mean) / std)
