"""State that a model keeps between runs, put back: Python attributes beside the buffers, and random generators."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import torch

from ..torchscript import kept_state

_TORCHS_OWN = frozenset(torch.nn.Module().__dict__)


@contextlib.contextmanager
def state_kept(root: torch.nn.Module | None) -> Iterator[None]:
    """Put buffers and plain attributes (numbers, lists, dicts, tensors) of all submodules back after the block."""
    if root is None:
        yield
        return
    saved = [
        (module, {key: (value, _copied(value)) for key, value in vars(module).items() if key not in _TORCHS_OWN})
        for module in root.modules()
        if not isinstance(module, torch.jit.ScriptModule)
    ]
    with kept_state.state_kept(root):
        try:
            yield
        finally:
            for module, attributes in saved:
                for key in [key for key in vars(module) if key not in _TORCHS_OWN and key not in attributes]:
                    del module.__dict__[key]
                for key, (value, copy) in attributes.items():
                    module.__dict__[key] = _restored(value, copy)


def changed_state(root: torch.nn.Module, before: dict[str, Any]) -> list[str]:
    """Return the paths of buffers and plain attributes that differ from ``state_of(root)`` taken earlier."""
    after = state_of(root)
    names = [name for name in after if name not in before or not _equal(before[name], after[name])]
    return names + [name for name in before if name not in after]


def state_of(root: torch.nn.Module) -> dict[str, Any]:
    """Return copies of all buffers and plain attributes by path."""
    found: dict[str, Any] = {}
    for path, module in root.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        prefix = f"{path}." if path else ""
        for name, buffer in module._buffers.items():
            found[prefix + name] = None if buffer is None else buffer.detach().clone()
        for name, value in vars(module).items():
            if name not in _TORCHS_OWN and isinstance(value, bool | int | float | str | list | dict | torch.Tensor):
                found[prefix + name] = _copied(value)
    return found


def seed_all(seed: int) -> None:
    """Set every generator that a model's code may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    import numpy as np

    np.random.seed(seed % 2**32)


def generators() -> tuple[Any, ...]:
    """Return the states of all generators that a model's code may draw from, to compare."""
    import numpy as np

    states: list[Any] = [torch.get_rng_state().numpy().tobytes(), random.getstate()]
    kept: Any = np.random.get_state(legacy=False)
    states.append((kept["state"]["key"].tobytes(), kept["state"]["pos"]))
    if torch.cuda.is_available():
        states.append(torch.cuda.get_rng_state().numpy().tobytes())
    return tuple(states)


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list):
        return [_copied(member) for member in value]
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    return value


def _restored(value: Any, copy: Any) -> Any:
    """Return the object itself with its content as it was."""
    if isinstance(value, list):
        value[:] = copy
    elif isinstance(value, dict):
        value.clear()
        value.update(copy)
    elif isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        with torch.no_grad():
            if value.shape == copy.shape and not value.is_inference():
                value.copy_(copy)
            else:
                return copy
    return value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if type(one) is not type(other):
        return False
    return one is other or bool(one == other)
