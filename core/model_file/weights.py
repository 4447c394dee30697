"""Weights from a file, put into a model."""

import difflib
import pickle
from pathlib import Path
from typing import Any

import torch

from ..errors import fail

_LISTED = 8


def load_weights(module: torch.nn.Module, file: Path, *, is_strict: bool) -> None:
    """Put a state dict into a module.

    Reads ``.safetensors``, and what ``torch.save`` wrote, with ``weights_only=True``. A checkpoint that keeps its
    state dict under ``state_dict``, ``model`` or ``model_state_dict`` is understood, and so is the ``module.``
    prefix of ``DataParallel``.

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
        if key in state and state[key].shape != own[key].shape
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


def _reason(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):
        return "it holds Python objects other than tensors"
    return str(error).splitlines()[0].partition(". This is an internal")[0] if str(error) else type(error).__name__


def _state_dict(content: Any, file: Path) -> dict[str, torch.Tensor]:
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        fail(
            "model.weights",
            f"{file.name} holds no state dict (a table of names and tensors).",
            file=str(file),
            hint="Save model.state_dict() with torch.save, or use .safetensors.",
        )
    return content


def _without_prefix(state: dict[str, torch.Tensor], module: torch.nn.Module) -> dict[str, torch.Tensor]:
    own = module.state_dict()
    prefix = "module."
    if state and all(key.startswith(prefix) for key in state) and not any(key in own for key in state):
        return {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _listing(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} {what}: {', '.join(names[:_LISTED])}{more}"
