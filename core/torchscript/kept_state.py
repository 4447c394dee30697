"""The user's model as it was: state, submodules and switches put back after runs that may change them."""

import contextlib
import operator
from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import Any

import torch

from .clean_process import ScriptState

_COPIED_PARAMETERS_BYTES = 64 * 2**20


class KeptState:
    """What a module and all below it hold, noted at one moment; ``restore`` puts it back, the objects themselves.

    Batch norm in train mode, caches and counters change with each run; a compiled model shares its buffers with the
    user's model, so both must start each run alike. Attributes, the contents of their lists and dicts, hooks, classes
    and training flags come back, and the values of buffers and other tensors. Values of parameters, which no forward
    should change, come back where the model has no more than 64 MiB of them.
    """

    def __init__(self, *roots: torch.nn.Module | None) -> None:
        modules = {id(m): m for root in roots if root is not None for m in root.modules()}
        self._modules: list[tuple[torch.nn.Module, type, dict[str, Any], _Identities]] = []
        self._containers: list[tuple[Any, Any]] = []
        self._scripts = [ScriptState(m) for m in modules.values() if isinstance(m, torch.jit.ScriptModule)]
        plain = [module for module in modules.values() if not isinstance(module, torch.jit.ScriptModule)]
        parameters = {id(p): p for module in plain for p in module._parameters.values() if p is not None}
        tensors: dict[int, torch.Tensor] = {}
        for module in plain:
            attributes = dict(module.__dict__)
            self._modules.append((module, type(module), attributes, _identities(attributes)))
            for value in module.__dict__.values():
                if isinstance(value, torch.Tensor):
                    tensors[id(value)] = value
                elif type(value) in (list, dict, set, OrderedDict):
                    self._containers.append((value, value.copy()))
                    members = value.values() if isinstance(value, dict) else value
                    tensors |= {id(member): member for member in members if isinstance(member, torch.Tensor)}
        size = sum(p.numel() * p.element_size() for p in parameters.values() if not _is_lazy(p))
        self._needs_grad = [(p, p.requires_grad) for p in parameters.values()]
        self._tensors = [
            _Noted(tensor)
            for key, tensor in tensors.items()
            if not _is_lazy(tensor) and (key not in parameters or size <= _COPIED_PARAMETERS_BYTES)
        ]

    def restore(self) -> None:
        for module, kind, attributes, identities in self._modules:
            if type(module) is not kind:
                module.__class__ = kind
            held = module.__dict__
            if _identities(held) == identities:
                continue
            for name in held.keys() - attributes.keys():
                del held[name]
            for name, value in attributes.items():
                if held.get(name, _NOTHING) is not value:
                    held[name] = value
        for container, content in self._containers:
            _refill(container, content)
        with torch.no_grad():
            for noted in self._tensors:
                noted.restore()
        for parameter, needs_grad in self._needs_grad:
            if parameter.requires_grad != needs_grad:
                parameter.requires_grad_(needs_grad)
        for script in self._scripts:
            script.restore()


_NOTHING = object()
_Identities = tuple[list[str], list[int]]


def _identities(attributes: dict[str, Any]) -> _Identities:
    """Return names and identities of what a module holds: the quick way to see that nothing changed."""
    return list(attributes), list(map(id, attributes.values()))


class _Noted:
    """A tensor and a copy of its values; torch counts the changes of each tensor, so most need no comparison."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor, self._values = tensor, tensor.detach().clone()
        self._version = _version(tensor)

    def restore(self) -> None:
        if self._version is not None and _version(self._tensor) == self._version:
            return
        if self._tensor.shape != self._values.shape:
            self._tensor.set_(self._values.clone())  # type: ignore[call-overload]  # no other way back from a resize
        else:
            self._tensor.copy_(self._values)
        self._version = _version(self._tensor)


def _version(tensor: torch.Tensor) -> int | None:
    return None if tensor.is_inference() else tensor._version


def _refill(container: Any, content: Any) -> None:
    if isinstance(container, list):
        if not _is_same(container, content):
            container[:] = content
    elif isinstance(container, dict):
        if not (_is_same(container.values(), content.values()) and list(container) == list(content)):
            container.clear()
            container.update(content)
    elif container != content:
        container.clear()
        container.update(content)


def _is_same(members: Collection[Any], others: Collection[Any]) -> bool:
    """Whether both hold the same objects; asked of each container of each module after each run, so it is quick."""
    return len(members) == len(others) and all(map(operator.is_, members, others))


def _is_lazy(tensor: torch.Tensor) -> bool:
    return torch.nn.parameter.is_lazy(tensor)


@contextlib.contextmanager
def state_kept(*roots: torch.nn.Module | None) -> Iterator[None]:
    """Put back after the block what some modules held before it."""
    kept = KeptState(*roots)
    try:
        yield
    finally:
        kept.restore()


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
