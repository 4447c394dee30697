"""Why a model gave up on its inputs: the submodule it was in, and what that one expects."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def module_in(root: nn.Module | None, error: BaseException) -> str | None:
    """Return the path of the innermost submodule that was running when ``error`` was raised."""
    if root is None:
        return None
    paths = {id(module): path for path, module in root.named_modules()}
    return next((paths[id(module)] for module, _ in _running(error) if id(module) in paths), None)


def explanation(error: BaseException) -> str:
    """Return what the innermost layer of torch expects, a sentence and a blank; empty where it is not known."""
    for module, given in _running(error):
        if given is None:
            continue
        shape = "×".join(map(str, given.shape)) or "a single number"
        kind = type(module).__name__
        if isinstance(module, nn.Linear) and given.shape[-1:] != (module.in_features,):
            return f"This {kind} takes {module.in_features} features in the last dimension, and was given {shape}. "
        if isinstance(module, _CONVOLUTIONS):
            rank = module.weight.dim()
            if given.dim() not in (rank - 1, rank):
                return f"This {kind} takes {rank} dimensions (batch and channels first), and was given {shape}. "
            channels = given.shape[1 - rank]
            if channels != module.in_channels:
                return f"This {kind} takes {module.in_channels} channels, and was given {channels} ({shape}). "
        if isinstance(module, nn.Embedding):
            if given.is_floating_point():
                return f"This {kind} takes whole numbers: give the input the dtype int64. "
            if given.numel() and (int(given.min()) < 0 or int(given.max()) >= module.num_embeddings):
                return (
                    f"This {kind} has {module.num_embeddings} rows, and was asked for row {int(given.max())}: give the "
                    f"input high = {module.num_embeddings}. "
                )
        weight = getattr(module, "weight", None)
        if isinstance(weight, torch.Tensor) and weight.is_floating_point() and given.dtype != weight.dtype:
            names = [str(dtype).removeprefix("torch.") for dtype in (weight.dtype, given.dtype)]
            return (
                f"This {kind} has weights of {names[0]}, and was given {names[1]}: give the input the dtype {names[0]} "
                "(also behind a file: @x.npy:float32). "
            )
    return ""


def _running(error: BaseException) -> Iterator[tuple[nn.Module, torch.Tensor | None]]:
    """Yield the modules in whose forward the error was raised, innermost first, with their first tensor."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    seen: set[int] = set()
    for frame in reversed(frames):
        owner: Any = frame.f_locals.get("self")
        if not isinstance(owner, nn.Module) or id(owner) in seen or frame.f_code.co_name.startswith("_"):
            continue
        seen.add(id(owner))
        given = next((value for value in frame.f_locals.values() if isinstance(value, torch.Tensor)), None)
        yield owner, given
