"""Weights from a file, put into a model."""

import argparse
import difflib
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from ..errors import fail

_LISTED = 8


def load_weights(module: torch.nn.Module, file: Path, *, is_strict: bool) -> None:
    """Put a state dict into a module.

    Reads ``.safetensors``, and what ``torch.save`` wrote, with ``weights_only=True``. A checkpoint that keeps its
    state dict under ``state_dict``, ``model`` or ``model_state_dict`` is understood, and so is one prefix of all names:
    ``module.`` of ``DataParallel``, ``_orig_mod.`` of ``torch.compile``, ``model.`` of a module around the model.

    Raises:
        ExportDeskError: ``call.weights`` (no such file), ``model.weights`` (unreadable), ``model.weights-mismatch``.
    """
    if not file.is_file():
        fail("call.weights", f"There is no weights file {file}.", file=str(file), hint="Check the path.")
    state = _without_prefix(_state_dict(_read(file), file), module)
    own = module.state_dict()
    missing = [key for key in own if key not in state]
    unexpected = [key for key in state if key not in own]
    reshaped = [
        f"{key} ({tuple(state[key].shape)} in the file, {tuple(own[key].shape)} in the model)"
        for key in own
        if key in state and not is_lazy(own[key]) and state[key].shape != own[key].shape
    ]
    if reshaped or (is_strict and (missing or unexpected)):
        parts = [
            _listing("of another shape", reshaped),
            _listing("missing in the file", missing),
            _listing("not in the model", unexpected),
        ]
        near = difflib.get_close_matches(unexpected[0], missing, n=1) if unexpected and missing else []
        hint = "Check that the file belongs to this model, or set weights_strict = false to take what fits."
        if near:
            hint = f"{unexpected[0]!r} looks like {near[0]!r}: the names may only differ by a prefix. {hint}"
        fail(
            "model.weights-mismatch",
            f"The weights in {file.name} do not fit the model: {'; '.join(part for part in parts if part)}.",
            file=str(file),
            hint=hint,
        )
    module.load_state_dict({key: value for key, value in state.items() if key in own}, strict=False)


def _read(file: Path) -> Any:
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(str(file))
        with torch.serialization.safe_globals(_harmless()):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        fail(
            "model.weights",
            f"The weights file {file.name} cannot be read: {_reason(error)}.",
            file=str(file),
            hint="ExportDesk reads .safetensors and state dicts saved by torch.save. A file that needs the model's "
            "own classes is not read, since reading it would run code: save model.state_dict() instead.",
            cause=error,
        )


def _harmless() -> list[Any]:
    """Return what checkpoints keep beside the weights, the options of the command line and NumPy's numbers.

    Making one of them runs no code of the file.
    """
    scalar: Any = np._core.multiarray.scalar  # type: ignore[attr-defined]
    kinds = {type(np.dtype(kind)) for kind in "?bhilqBHILQefd"}
    # Before NumPy 2, scalars were written under another name.
    return [argparse.Namespace, np.dtype, *kinds, scalar, (scalar, "numpy.core.multiarray.scalar")]


def _reason(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):
        found = re.search(r"GLOBAL (\S+) was not an allowed global|Unsupported class (\S+)", str(error))
        what = f", such as {found[1] or found[2]}" if found else ""
        return f"it holds Python objects other than tensors{what}"
    if isinstance(error, EOFError | LookupError | TypeError | AttributeError):
        # What torch stumbles over in a file that is something else says nothing to a person.
        return "it is not a file that torch.save wrote, or only a part of one"
    return str(error).splitlines()[0].partition(". This is an internal")[0] if str(error) else type(error).__name__


def _state_dict(content: Any, file: Path) -> dict[str, torch.Tensor]:
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        fail(
            "model.weights",
            f"{file.name} holds no state dict (a table of names and tensors).",
            file=str(file),
            hint="Save model.state_dict() with torch.save, or use .safetensors.",
        )
    return content


def _without_prefix(state: dict[str, torch.Tensor], module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Leave out what the names have before those of the model, where they are the same names but for that."""
    own = set(module.state_dict())
    while state and own.isdisjoint(state):
        prefix = next(iter(state)).partition(".")[0] + "."
        if not all(key.startswith(prefix) for key in state):
            break
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _listing(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} {what}: {', '.join(names[:_LISTED])}{more}"
