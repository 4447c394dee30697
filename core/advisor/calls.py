"""Calls of submodules during runs of the whole model: arguments and outputs, to compare each submodule alone."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors
from ..model_file.module_tree import has_forward
from .probes import Probe
from .running import Subject

MOST_CALLS = 6
"""Calls of one submodule that are kept for one probe."""


@dataclass(frozen=True, kw_only=True)
class SeenCall:
    """One call of a submodule."""

    arguments: Arguments
    output: Any
    generator: torch.Tensor
    """State of torch's generator when the call began."""


class Calls:
    """Calls by path of submodule, for each of some probes."""

    def __init__(self) -> None:
        self.by_path: dict[str, list[list[SeenCall]]] = {}

    def add(self, subject: Subject, probe: Probe) -> None:
        """Run the model on a probe and keep the calls of all its submodules."""
        seen: dict[str, list[SeenCall]] = {}
        root = subject.loaded.module
        assert root is not None

        def keep(path: str, call: SeenCall) -> None:
            rows = seen.setdefault(path, [])
            if len(rows) < MOST_CALLS:
                rows.append(call)

        with recorded_calls(root, keep):
            subject.run(probe)
        for path, rows in seen.items():
            self.by_path.setdefault(path, []).append(rows)


@contextlib.contextmanager
def recorded_calls(root: torch.nn.Module, keep: Callable[[str, SeenCall], None]) -> Iterator[None]:
    """Pass the calls of all submodules of ``root`` within the block to ``keep``, in the order in which they end."""
    open_calls: list[tuple[str, Arguments, torch.Tensor]] = []

    def before(path: str) -> Callable[..., None]:
        def record(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
            arguments = Arguments(positional=copy_tensors(args), keyword=copy_tensors(kwargs))
            open_calls.append((path, arguments, torch.get_rng_state()))

        return record

    def after(path: str) -> Callable[..., None]:
        def record(module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            while open_calls:
                opened, arguments, generator = open_calls.pop()
                if opened == path:
                    break
            else:
                return
            keep(path, SeenCall(arguments=arguments, output=copy_tensors(output), generator=generator))

        return record

    handles = []
    try:
        for path, module in root.named_modules():
            if isinstance(module, torch.jit.ScriptModule) or not has_forward(module):
                continue
            handles.append(module.register_forward_pre_hook(before(path), prepend=True, with_kwargs=True))
            handles.append(module.register_forward_hook(after(path), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()
