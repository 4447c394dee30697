"""The border to torch.jit, which has no types: the functions and names that the product uses of it, typed here."""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import torch
import torch.testing._comparison as _comparison
from torch.jit._trace import TracerWarning, TracingCheckError

ScriptFunction: TypeAlias = "torch.jit.ScriptFunction[Any, Any]"
Compiled: TypeAlias = "torch.jit.ScriptModule | ScriptFunction"

_jit: Any = torch.jit

__all__ = [
    "Compiled",
    "ScriptFunction",
    "TracerWarning",
    "TracingCheckError",
    "load",
    "save",
    "schema_of",
    "script",
    "trace",
    "trace_module",
]


def trace(target: Callable[..., Any], **how: Any) -> Compiled:
    """``torch.jit.trace``; a module gives a ScriptModule, a function a ScriptFunction."""
    with _no_distributed_tensors():
        return cast(Compiled, _jit.trace(target, **how))


def trace_module(module: torch.nn.Module, inputs: dict[str, tuple[Any, ...]], **how: Any) -> torch.jit.ScriptModule:
    """``torch.jit.trace_module``: several methods of one module, each with its own inputs."""
    with _no_distributed_tensors():
        return cast(torch.jit.ScriptModule, _jit.trace_module(module, inputs, **how))


def script(target: Any) -> Compiled:
    """``torch.jit.script``."""
    return cast(Compiled, _jit.script(target))


def load(file: Path) -> torch.jit.ScriptModule:
    """``torch.jit.load`` onto the CPU; a saved function comes back as a module, too."""
    with _deprecation_unsaid():
        return cast(torch.jit.ScriptModule, _jit.load(str(file), map_location="cpu"))


def save(compiled: Compiled, file: Path) -> None:
    """``torch.jit.save``."""
    with _deprecation_unsaid():
        _jit.save(compiled, str(file))


@contextlib.contextmanager
def _deprecation_unsaid() -> Iterator[None]:
    """Keep torch.jit's deprecation notice from a model file that has made warnings errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextlib.contextmanager
def _no_distributed_tensors() -> Iterator[None]:
    """Keep torch's check of a trace from importing ``torch.distributed.tensor``, which takes a second or two.

    The check compares with ``torch.testing.assert_close``, which imports it (torch 2.13) only to ask whether a value
    is a distributed tensor. Where the import has been done, or the private switch is gone, nothing is changed.
    """
    switch = "_HAS_DTENSOR"
    if "torch.distributed.tensor" in sys.modules or not getattr(_comparison, switch, False):
        yield
        return
    setattr(_comparison, switch, False)
    try:
        yield
    finally:
        setattr(_comparison, switch, True)


def schema_of(compiled: Compiled, method: str = "forward") -> Any:
    """Return the schema of a method or function; its ``arguments`` begin with ``self`` for a module."""
    target: Any = getattr(compiled, method) if isinstance(compiled, torch.jit.ScriptModule) else compiled
    return target.schema
