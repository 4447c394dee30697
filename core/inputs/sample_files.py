"""Sample tensors from files: NumPy, torch (weights only) and images."""

import pickle
from pathlib import Path

import numpy as np
import torch

from ..errors import fail

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


def read_sample(file: Path, name: str) -> torch.Tensor:
    """Read the sample of the input called ``name``.

    A ``.npz`` or a dict in a ``.pt`` is looked up by ``name``, or has one member only. An image becomes a float32
    tensor of shape (1, 3, height, width) with values from 0 to 1.

    Raises:
        ExportDeskError: ``call.sample``.
    """
    if not file.is_file():
        fail(
            "call.sample",
            f"There is no sample file {file} for the input {name}.",
            file=str(file),
            hint="Check the path: in a recipe it is relative to the recipe's folder.",
        )
    try:
        content = _read(file)
    except Exception as error:
        fail(
            "call.sample",
            f"The sample {file.name} for the input {name} cannot be read: {_reason(error)}.",
            file=str(file),
            hint="Samples are .npy, .npz, .pt (tensors only) or images.",
            cause=error,
        )
    if isinstance(content, dict):
        if name not in content and len(content) != 1:
            fail(
                "call.sample",
                f"{file.name} has no sample called {name}.",
                file=str(file),
                hint=f"It has: {', '.join(map(str, content)) or 'nothing'}.",
            )
        content = content[name] if name in content else next(iter(content.values()))
    if not isinstance(content, torch.Tensor):
        fail("call.sample", f"{file.name} holds {type(content).__name__}, not a tensor.", file=str(file))
    return content


def _read(file: Path) -> object:
    match file.suffix.lower():
        case ".npy":
            return _from_numpy(np.load(file, allow_pickle=False))
        case ".npz":
            with np.load(file, allow_pickle=False) as archive:
                return {key: _from_numpy(archive[key]) for key in archive.files}
        case ".pt" | ".pth":
            return torch.load(file, map_location="cpu", weights_only=True)
        case suffix if suffix in IMAGES:
            from PIL import Image

            with Image.open(file) as picture:
                pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
            return torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())
        case suffix:
            raise ValueError(f"{suffix or 'a file without an ending'} is not a known kind of sample")


def _from_numpy(values: np.ndarray) -> torch.Tensor:
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(np.ascontiguousarray(native))


def _reason(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError) or "allow_pickle" in str(error):
        # torch and NumPy explain at length how to run what a file holds, which is never done here.
        return "it holds Python objects other than tensors, and reading those would run code"
    return str(error).strip().rstrip(".") or type(error).__name__
