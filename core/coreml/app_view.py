"""What the app gives a converted model and gets from it, beside what the PyTorch model takes and returns."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..inputs.binding import Arguments
from ..recipe.model import CoreML, CoreMLImage
from .images import BRIGHTEST, from_pixels, preprocessing, to_pixels
from .inputs import ConvertedInput, core_ml_names


def through_pixels(arguments: Arguments, names: Sequence[str], options: CoreML) -> Arguments:
    """Return the arguments with those that the app gives as pictures made into what Core ML sees of a picture.

    A picture has 256 values a channel and one scale for all; a check on other values would compare with what no app
    can pass. How far this is from mean and std is a diagnostic of the conversion.
    """
    images = _images(options)
    if not images:
        return arguments
    values = dict(zip(names, [*arguments.positional, *arguments.keyword.values()], strict=True))
    seen = {name: _through(value, images[name]) if name in images else value for name, value in values.items()}
    positional = tuple(list(seen.values())[: len(arguments.positional)])
    keyword = dict(zip(arguments.keyword, list(seen.values())[len(arguments.positional) :], strict=True))
    return dataclasses.replace(arguments, positional=positional, keyword=keyword)


def _images(options: CoreML) -> dict[str, CoreMLImage]:
    return {name: item.image for name, item in options.inputs.items() if item.image is not None}


def _through(value: Any, image: CoreMLImage) -> Any:
    if not isinstance(value, torch.Tensor) or value.ndim != 4:
        return value  # the rules refuse it, with the reason
    pixels = to_pixels(value.detach().cpu().double().numpy(), image)
    return torch.from_numpy(seen_of(pixels, image)).to(value)


def seen_of(pixels: np.ndarray[Any, Any], image: CoreMLImage) -> np.ndarray[Any, Any]:
    """Return what the converted model computes of a picture's pixels."""
    if image.exact:
        return from_pixels(pixels, image)
    done = preprocessing(image)
    return np.asarray(done.scale * pixels + np.array(done.bias).reshape(1, -1, 1, 1))


def app_values(names: Iterable[str], tensors: Iterable[torch.Tensor], options: CoreML) -> dict[str, Any]:
    """Return what the app passes for the tensors of a call; ``names`` are the package's inputs, in the same order."""
    images = {core_ml_names([ConvertedInput(name)])[0]: image for name, image in _images(options).items()}
    return {
        name: _pixels_of(tensor, images[name]) if name in images else _array(tensor)
        for name, tensor in zip(names, tensors, strict=True)
    }


def _pixels_of(tensor: torch.Tensor, image: CoreMLImage) -> np.ndarray[Any, Any]:
    values = tensor.detach().cpu().double().numpy()
    if image.exact:
        return np.asarray(to_pixels(values, image), dtype=np.uint8)
    done = preprocessing(image)
    pixels = (values - np.array(done.bias).reshape(1, -1, 1, 1)) / done.scale
    return np.asarray(np.clip(np.rint(pixels), 0, BRIGHTEST), dtype=np.uint8)


def _array(tensor: torch.Tensor) -> Any:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def kept_tensors(tensors: Sequence[torch.Tensor], options: CoreML) -> list[torch.Tensor]:
    """Return the tensors of the PyTorch model's answer that the converted model has, too."""
    if len(options.outputs) != len(tensors):
        return list(tensors)
    return [tensor for tensor, output in zip(tensors, options.outputs, strict=True) if output.keep]


def model_answers(answers: Mapping[str, Any], expected: Sequence[torch.Tensor], options: CoreML) -> list[torch.Tensor]:
    """Return the app's answers as the PyTorch model's: probabilities in order of the labels, pictures as planes."""
    rest = dict(answers)
    kept = [output for output in options.outputs if output.keep]
    found: list[torch.Tensor] = []
    if options.classifier is not None:
        del rest[options.classifier.predicted]
        scores = rest.pop(f"{options.classifier.predicted}_probs")
        vector = torch.tensor([float(score) for score in scores.values()])
        place = next((at for at, item in enumerate(kept) if item.name == options.classifier.probabilities), 0)
        others = [torch.from_numpy(np.asarray(value)) for value in rest.values()]
        found = [*others[:place], vector.reshape(expected[place].shape), *others[place:]]
    else:
        found = [torch.from_numpy(np.asarray(value)) for value in rest.values()]
    return [
        _planes(tensor, kept[at].image, expected[at]) if at < len(kept) and kept[at].image is not None else tensor
        for at, tensor in enumerate(found)
    ]


def _planes(picture: torch.Tensor, layout: str | None, expected: torch.Tensor) -> torch.Tensor:
    if picture.ndim == 2:
        return picture.float().reshape(expected.shape)
    planes = picture.permute(2, 0, 1)
    return (planes.flip(0) if layout == "bgr" else planes).float()[None]
