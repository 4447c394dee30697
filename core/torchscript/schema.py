"""The signature of a compiled method."""

import torch

from .torch_jit import Compiled, schema_of


def taken_names(compiled: Compiled, method: str) -> list[str]:
    """Return the names of the arguments that a compiled method or function takes, without ``self``."""
    names = [str(argument.name) for argument in schema_of(compiled, method).arguments]
    return names[1:] if isinstance(compiled, torch.jit.ScriptModule) else names
