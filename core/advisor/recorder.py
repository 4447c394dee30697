"""What leaves torch while a model runs: each tensor that becomes a Python value, with its place and its value.

A trace freezes exactly these values. The recorder sees them in an ordinary run (and in a trace), and can give Python
another value than the tensor holds, which is what a trace does to a later input.
"""

import functools
import itertools
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeAlias

import torch
from torch.overrides import TorchFunctionMode

from ..model_file.user_errors import is_users_file
from ..torchscript.tracer_warnings import SEEN_THROUGH
from .provenance import Node, Provenance

SEEN_THROUGH.add(__file__)

_KINDS = {
    "__bool__": "bool",
    "is_nonzero": "bool",
    "equal": "bool",
    "allclose": "bool",
    "__contains__": "bool",
    "item": "number",
    "__int__": "number",
    "__float__": "number",
    "__complex__": "number",
    "__index__": "index",
    "tolist": "values",
    "numpy": "values",
    "__array__": "values",
}
_SIZES = ("size", "__len__", "numel", "nelement")


class RunStopped(BaseException):
    """A run took too long, or too many turns; no ``Exception``, so that user code does not catch it."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A line of one submodule at which a tensor becomes a Python value."""

    module: str
    """Path of the submodule whose code it is; ``""`` also for a function outside of any."""
    file: str | None
    line: int | None
    column: int | None = None
    """Tells the conditions of one line apart: ``if a and b``."""
    kind: str
    """``bool``, ``number``, ``index``, ``values`` (a list or an array), or ``size`` (where the size itself is data)."""


@dataclass(frozen=True, kw_only=True)
class Leak:
    """One tensor that became a Python value; the occurrences of a site are counted from 0 within a run."""

    site: Site
    occurrence: int
    value: Any
    is_data: bool = True
    """Whether the tensor was computed from an input (or from state that runs change)."""
    node: Node | None = None
    """How it was computed, where the recorder kept that."""


Pins: TypeAlias = Mapping[tuple[Site, int], Any]


@dataclass(kw_only=True)
class Limits:
    """When a run is stopped: a data-dependent loop may never end with some input."""

    seconds: float = 20.0
    leaks: int = 4000
    started: float = field(default_factory=time.perf_counter)

    def check(self, leaks: int) -> None:
        if leaks > self.leaks:
            raise RunStopped(f"more than {self.leaks} values left torch")
        if time.perf_counter() - self.started > self.seconds:
            raise RunStopped(f"it ran for more than {self.seconds:g} s")


class Recorder(TorchFunctionMode):
    """Records leaks while it is entered.

    Args:
        paths: ``id`` of each submodule to its path.
        provenance: where to keep how each tensor was made; None records leaks only, which costs little.
        pins: values to give to Python instead of the tensor's own.
        is_differentiable: keep gradients through ``no_grad`` and ``detach``, to search along them.
    """

    def __init__(
        self,
        paths: Mapping[int, str],
        *,
        provenance: Provenance | None = None,
        pins: Pins | None = None,
        is_differentiable: bool = False,
        limits: Limits | None = None,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.leaks: list[Leak] = []
        self._paths, self._provenance, self._pins = paths, provenance, pins or {}
        self._is_differentiable = is_differentiable
        self._limits = limits or Limits()
        self._checkpoint = checkpoint
        self._counts: dict[Site, int] = {}
        self._calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        self._calls += 1
        if self._calls % 16 == 0:
            self._limits.check(len(self.leaks))
            self._checkpoint()
        name = getattr(func, "__name__", "")
        if kind := _KINDS.get(name):
            return self._leak(kind, name, func, args, kwargs)
        result = self._run(func, name, args, kwargs)
        if self._provenance is not None:
            self._provenance.record(name, args, kwargs, result)
            is_size = name in _SIZES or (name == "__get__" and isinstance(result, torch.Size))
            if is_size and args and isinstance(args[0], torch.Tensor):
                node = self._provenance.node(args[0])
                if node.is_data_shaped:
                    self._append("size", result, node)
        return result

    def _run(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        if not self._is_differentiable:
            return func(*args, **kwargs)
        if name in ("detach", "detach_") or (name == "__get__" and func == torch.Tensor.data.__get__):  # type: ignore[attr-defined]
            return args[0]
        with torch.enable_grad():
            return func(*args, **kwargs)

    def _leak(self, kind: str, name: str, func: Any, args: Any, kwargs: Any) -> Any:
        if self._is_differentiable and kind == "values":
            args = (args[0].detach(), *args[1:])
        value = func(*args, **kwargs)
        node = None
        if self._provenance is not None:
            node = (
                self._provenance.computed(name, args, kwargs)
                if name in ("equal", "allclose", "__contains__")
                else self._provenance.node(args[0])
            )
        leak = self._append(kind, _kept(value), node)
        self._limits.check(len(self.leaks))
        return self._pins.get((leak.site, leak.occurrence), value)

    def _append(self, kind: str, value: Any, node: Node | None) -> Leak:
        module, file, line, column = place_of_frame(sys._getframe(2), self._paths)
        site = Site(module=module or "", file=file, line=line, column=column, kind=kind)
        occurrence = self._counts.get(site, 0)
        self._counts[site] = occurrence + 1
        leak = Leak(site=site, occurrence=occurrence, value=value, is_data=node is None or node.is_data, node=node)
        self.leaks.append(leak)
        return leak


def place_of_frame(
    frame: FrameType | None, paths: Mapping[int, str]
) -> tuple[str | None, str | None, int | None, int | None]:
    """Return the submodule, the user's file, the line and the column that a frame was reached from."""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    fallback: tuple[str, int] | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if file is None and is_users(name):
            file, line, column = name, frame.f_lineno, _column(frame.f_code, frame.f_lasti)
        if fallback is None and not is_ours(name):
            fallback = name, frame.f_lineno
        owner = frame.f_locals.get("self")
        if owner is not None and (path := paths.get(id(owner))) is not None:
            if file is None and fallback is not None:
                # A module of an installed package: its line is the best there is.
                file, line = fallback
            return path, file, line, column
        frame = frame.f_back
    return None, file, line, column


@functools.lru_cache(maxsize=4096)
def _column(code: CodeType, instruction: int) -> int | None:
    positions = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    return None if positions is None else positions[2]


@functools.lru_cache(maxsize=4096)
def is_users(name: str) -> bool:
    """``is_users_file``, remembered: it asks the file system."""
    return is_users_file(name)


@functools.lru_cache(maxsize=4096)
def is_ours(name: str) -> bool:
    return name.startswith(__file__.rpartition("advisor")[0]) or name.endswith("torch/overrides.py")


def _kept(value: Any) -> Any:
    copy = getattr(value, "copy", None)
    return copy() if copy is not None and not isinstance(value, dict) else value
