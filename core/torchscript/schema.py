"""The signature of a compiled method."""

import torch

from .compile import Compiled


def taken_names(compiled: Compiled, method: str) -> list[str]:
    """Return the names of the arguments that a compiled method or function takes, without ``self``."""
    if isinstance(compiled, torch.jit.ScriptModule):
        return [argument.name for argument in getattr(compiled, method).schema.arguments[1:]]
    return [argument.name for argument in compiled.schema.arguments]
