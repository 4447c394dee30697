"""The exported model tried on another device, where this machine has one."""

from collections.abc import Iterator
from typing import Any

import torch

from ...checks.compare import Unlike, compare
from ...diagnostics import Diagnostic, Severity
from ...inputs.binding import Arguments
from ...inputs.nested import map_tensors
from ...recipe.model import Recipe
from ..compile import CompiledEntry
from ..eager import fresh
from ..kept_state import KeptState, inference
from ..torch_jit import copied_to

_TOLERANCE = 1e-2
"""Devices differ in rounding and in the precision of matrix products; what is looked for is failing or being wrong."""


def other_device(device: str) -> str | None:
    """Return a device of another kind than ``device`` that this machine has, None where there is none."""
    if not device.startswith("cpu"):
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def other_device_findings(
    entry: CompiledEntry, method: str, example: Arguments, recipe: Recipe
) -> Iterator[Diagnostic]:
    """Yield a diagnostic where the exported model fails or differs on another device than that of the export."""
    device = other_device(recipe.model.device)
    if device is None:
        return
    given = entry.arguments(method, fresh(example))
    problem = None
    try:
        compiled = entry.compiled
        kept = KeptState(compiled if isinstance(compiled, torch.nn.Module) else None)
        with inference():
            expected = _call(compiled, method, given)
            kept.restore()
            elsewhere = Arguments(
                positional=map_tensors(given.positional, lambda tensor: tensor.to(device)),
                keyword=map_tensors(given.keyword, lambda tensor: tensor.to(device)),
            )
            found = compare(_call(copied_to(compiled, device), method, elsewhere), expected)
        if found.relative > _TOLERANCE:
            problem = f"its numbers are off by up to {found.absolute:.3g}"
    except Unlike as unlike:
        problem = str(unlike)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        problem = lines[-1] if lines else type(error).__name__
    if problem is not None:
        yield Diagnostic(
            code="audit.other-device",
            severity=Severity.WARNING,
            message=f"Exported on {recipe.model.device}, the file does not run alike on {device}: {problem}.",
            module="",
            hint="See the devices that are fixed in the file; make those tensors on the device of an input.",
            evidence=f"the file was loaded onto {device} and run on the example",
        )


def _call(compiled: Any, method: str, given: Arguments) -> Any:
    target = compiled if method == "forward" else getattr(compiled, method)
    return target(*given.positional, **given.keyword)
