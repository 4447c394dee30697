"""The ``.pt`` file: its name, and how it is saved."""

import re
from pathlib import Path

from ..errors import fail
from .torch_jit import Compiled, save


def file_stem(entry: str) -> str:
    """Return a file name, without its ending, for an entry: ``Net.encode`` becomes ``Net-encode``."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", entry).strip("-") or "model"


def save_compiled(compiled: Compiled, file: Path) -> None:
    """Save a module or function with ``torch.jit.save``.

    Raises:
        ExportDeskError: ``torchscript.save``.
    """
    try:
        save(compiled, file)
    except Exception as error:
        fail(
            "torchscript.save",
            f"The compiled model cannot be saved: {str(error).splitlines()[0]}",
            file=str(file),
            hint="Check that there is room on the disk. A model with values that TorchScript cannot store (Python "
            "objects, processes, open files) cannot be saved: keep them out of forward.",
            cause=error,
        )
