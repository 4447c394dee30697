"""The user's model as it was: buffers, submodules and switches put back after runs that may change them."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def buffers_kept(*roots: torch.nn.Module | None) -> Iterator[None]:
    """Put every buffer back after the block: the same objects, holding the same values.

    Batch norm in train mode, caches and counters change with each run; a compiled model shares its buffers with the
    user's model, so both start each run alike.
    """
    saved = [
        (module, name, buffer, None if buffer is None else buffer.detach().clone())
        for root in roots
        if root is not None
        for module in root.modules()
        if not isinstance(module, torch.jit.ScriptModule)
        for name, buffer in module._buffers.items()
    ]
    script_saved = [
        (buffer, buffer.detach().clone())
        for root in roots
        if root is not None
        for module in root.modules()
        if isinstance(module, torch.jit.ScriptModule)
        for buffer in module.buffers(recurse=False)
    ]
    try:
        yield
    finally:
        with torch.no_grad():
            for module, name, buffer, value in saved:
                module._buffers[name] = buffer
                if buffer is not None and value is not None:
                    _set(buffer, value)
            for buffer, value in script_saved:
                _set(buffer, value)


def _set(buffer: torch.Tensor, value: torch.Tensor) -> None:
    if buffer.shape != value.shape:
        buffer.set_(value)  # type: ignore[call-overload]  # resized in place; there is no other way back
    elif not torch.equal(buffer, value):
        buffer.copy_(value)


@contextlib.contextmanager
def substituted(replacements: list[tuple[torch.nn.Module, str, torch.nn.Module]]) -> Iterator[None]:
    """Put modules in the place of others, ``(parent, name, replacement)``, for the length of the block."""
    originals = [(parent, name, parent._modules[name]) for parent, name, _ in replacements]
    try:
        for parent, name, replacement in replacements:
            parent._modules[name] = replacement
        yield
    finally:
        for parent, name, original in originals:
            parent._modules[name] = original


@contextlib.contextmanager
def inference() -> Iterator[None]:
    """Run without gradients, and without the fused attention kernels that only exist in that mode.

    Under ``no_grad``, ``nn.TransformerEncoderLayer`` and ``nn.MultiheadAttention`` call kernels that Core ML has no
    counterpart for; an ordinary trace, with gradients on, never sees them.
    Source: torch.nn.TransformerEncoderLayer, "Fast path".
    """
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
