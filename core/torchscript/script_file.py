"""The ``.pt`` file: its name, and how it is saved."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import fail
from ..inputs.binding import Arguments
from .recorded_inputs import record_of
from .torch_jit import Compiled, save


def file_stem(entry: str) -> str:
    """Return a file name, without its ending, for an entry: ``Net.encode`` becomes ``Net-encode``."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", entry).strip("-") or "model"


def save_compiled(compiled: Compiled, file: Path, calls: Mapping[str, Arguments]) -> None:
    """Save a module or function with ``torch.jit.save``.

    Args:
        calls: an example of each method's arguments; the file keeps their kinds and shapes.

    Raises:
        ExportDeskError: ``torchscript.save``.
    """
    try:
        save(compiled, file, record_of(calls))
    except Exception as error:
        if function := _python_function(compiled):
            fail(
                "torchscript.python-function",
                f"The trace calls {function[0]}, a torch.autograd.Function: its code is Python, which a .pt file "
                "cannot hold.",
                file=function[1],
                line=function[2],
                hint="For the export, call the operations of its forward directly, as in "
                "`y = f(x) if torch.jit.is_tracing() else Function.apply(x)`.",
                cause=error,
            )
        fail(
            "torchscript.save",
            f"The compiled model cannot be saved: {str(error).splitlines()[0]}",
            file=str(file),
            hint="Check that there is room on the disk. A model with values that TorchScript cannot store (Python "
            "objects, processes, open files) cannot be saved: keep them out of forward.",
            cause=error,
        )


def _python_function(compiled: Compiled) -> tuple[str, str | None, int | None] | None:
    """Return name and place of the first Python function that the compiled code calls."""
    # Here, since most exports never ask.
    from ..coreml.locating import all_nodes, locate

    method: Any = compiled if isinstance(compiled, torch.jit.ScriptFunction) else getattr(compiled, "forward", None)
    if method is None:
        return None
    graph = method.graph.copy()
    torch._C._jit_pass_inline(graph)
    for node in all_nodes(graph):
        if node.kind() == "prim::PythonOp":
            found: Any = node
            place = locate(node, None)
            return str(found.pyname()), place.file, place.line
    return None
