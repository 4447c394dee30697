"""The textual views of a TorchScript file."""

import re
from pathlib import Path
from typing import Any

import torch

from ..errors import fail
from ..results import TextsResult, TorchScriptTexts
from .torch_jit import load, method_names, method_of


def texts_of_file(file: Path) -> TextsResult:
    """Load a ``.pt`` file and return its texts.

    Raises:
        ExportDeskError: ``model.not-torchscript``.
    """
    try:
        module = load(file)
    except Exception as error:
        fail("model.not-torchscript", f"{file.name} is not a TorchScript file.", file=str(file), cause=error)
    return TextsResult(file=str(file), texts=texts_of(module))


def texts_of(module: Any) -> TorchScriptTexts:
    """Return code, graph, inlined graph and the printed module of a ScriptModule or ScriptFunction."""
    if isinstance(module, torch.jit.ScriptModule):
        # A module that was traced by another method has no forward, and then no graph of its own.
        names = sorted(method_names(module), key=lambda name: name != "forward")
        parts = [method_of(module, name) for name in names]
    else:
        parts = [module]
    return TorchScriptTexts(
        code="\n".join(str(part.code) for part in parts),
        graph="\n".join(_without_notes(str(part.graph)) for part in parts),
        inlined_graph="\n".join(_without_notes(str(part.inlined_graph)) for part in parts),
        printed=str(module),
    )


def _without_notes(text: str) -> str:
    """Drop the notes behind each node that name torch's own files; the user's stay."""
    return re.sub(r" # /[^\n]*/site-packages/[^\n]*", "", text)
