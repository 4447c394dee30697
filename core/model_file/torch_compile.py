"""``torch.compile`` does nothing while a model is exported: TorchScript cannot be made of what it returns."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

_SWITCH = "TORCHDYNAMO_DISABLE"


@contextlib.contextmanager
def torch_compile_left_out() -> Iterator[None]:
    """Let ``torch.compile`` return what it is given, inside the block.

    The tracer refuses a compiled module, and compiling takes minutes that no export needs.
    Source: https://docs.pytorch.org/docs/stable/torch.compiler_troubleshooting.html (TORCHDYNAMO_DISABLE).
    """
    value = os.environ.get(_SWITCH)
    was_disabled = value == "1"
    if (config := _config()) is not None:
        was_disabled, config.disable = config.disable, True
    # Read when torch's compiler is imported, at the first torch.compile.
    os.environ[_SWITCH] = "1"
    try:
        yield
    finally:
        if (config := _config()) is not None:
            config.disable = was_disabled
        if value is None:
            os.environ.pop(_SWITCH, None)
        else:
            os.environ[_SWITCH] = value


def _config() -> Any:
    return sys.modules.get("torch._dynamo.config")
