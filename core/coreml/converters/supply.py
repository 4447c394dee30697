"""Register our translations with coremltools for the length of a conversion."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from coremltools.converters.mil.frontend.torch.torch_op_registry import _TORCH_OPS_REGISTRY, register_torch_op
from coremltools.converters.mil.frontend.torch.utils import sanitize_op_kind

Translation = Callable[[Any, Any], None]
"""Takes coremltools' context and the node, and adds the node's value to the context."""
Completion = Callable[[Any, Any, Translation], None]
"""A translation that also gets coremltools' own, to leave cases to it."""

_SUPPLIED: dict[str, Translation] = {}
_COMPLETED: dict[str, Completion] = {}


def supplied(*names: str) -> Callable[[Translation], Translation]:
    """Offer a translation of the operations ``names`` (lower case, no ``aten::``), for where coremltools has none."""

    def keep(translation: Translation) -> Translation:
        _SUPPLIED.update(dict.fromkeys(names, translation))
        return translation

    return keep


def completed(*names: str) -> Callable[[Completion], Completion]:
    """Offer a translation that takes cases on which coremltools' own fails."""

    def keep(completion: Completion) -> Completion:
        _COMPLETED.update(dict.fromkeys(names, completion))
        return completion

    return keep


def supplied_names() -> frozenset[str]:
    """Return the operations that are translated by us in this version of coremltools."""
    _load()
    return frozenset(name for name in _SUPPLIED if not _own(name))


def is_translated(kind: str) -> bool:
    """Whether an operation (``aten::diff``) has a translation: coremltools' or ours."""
    _load()
    # coremltools does this twice, too: once when it reads the graph and once when it looks the name up.
    name = sanitize_op_kind(sanitize_op_kind(kind))
    if _TORCH_OPS_REGISTRY.get_func(sanitize_op_kind(kind)) is not None:
        return True
    return name in _SUPPLIED or name.removesuffix("_") in _SUPPLIED


@contextmanager
def supplied_converters() -> Iterator[None]:
    """Run a block in which coremltools knows our translations; afterwards it is as it was."""
    _load()
    before = dict(_TORCH_OPS_REGISTRY.name_to_func_mapping)
    try:
        for name, translation in _SUPPLIED.items():
            if not _own(name):
                _register(name, translation)
        for name, completion in _COMPLETED.items():
            if own := before.get(name):
                _register(name, _completing(completion, own), override=True)
        yield
    finally:
        _TORCH_OPS_REGISTRY.name_to_func_mapping.clear()
        _TORCH_OPS_REGISTRY.name_to_func_mapping.update(before)


@cache
def _load() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")


def _own(name: str) -> bool:
    translation = _TORCH_OPS_REGISTRY.name_to_func_mapping.get(name)
    return translation is not None and getattr(translation, "supplied_name", None) is None


def _register(name: str, translation: Translation, *, override: bool = False) -> None:
    def registered(context: Any, node: Any) -> None:
        translation(context, node)

    registered.__name__ = name
    registered.supplied_name = name  # type: ignore[attr-defined]
    register_torch_op(registered, override=override)


def _completing(completion: Completion, own: Translation) -> Translation:
    return lambda context, node: completion(context, node, own)
