"""A reference executor of Core ML programs on torch, usable on any system.

Importing this package imports neither torch nor coremltools; asking for ReferenceModel does (torch only).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import ReferenceModel as ReferenceModel
    from .state import ReferenceState as ReferenceState

_LAZY = {"ReferenceModel": ".model", "ReferenceState": ".state", "unsupported_operations": ".support"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name], __name__), name)
