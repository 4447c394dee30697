"""coremltools, imported quietly, or the reason why it cannot be."""

import importlib
import logging
import sys
import warnings
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import fail


def coremltools() -> Any:
    """Return the coremltools module.

    Importing it logs a line for each part of Apple's runtime that this system lacks, and one for an untested torch;
    they would reach standard error, and they say nothing that a user can act on (``version_note`` says the second).

    Raises:
        ExportDeskError: ``convert.unavailable`` where it is not installed or cannot be loaded.
    """
    if loaded := sys.modules.get("coremltools"):
        return loaded
    logger = logging.getLogger("coremltools")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("coremltools")
    except ImportError as error:
        fail(
            "convert.unavailable",
            f"Core ML files cannot be made here: coremltools is not installed ({error}).",
            hint="There is no coremltools for Windows; elsewhere, install it with `pip install coremltools`. "
            "TorchScript, graphs and checks work without it: turn Core ML off (`--no-coreml`).",
            cause=error,
        )
    finally:
        logger.setLevel(level)


def version_note() -> Diagnostic | None:
    """Return a note if this torch is newer than the newest that coremltools was tested with."""
    tested = getattr(importlib.import_module("coremltools._deps"), "_TORCH_MAX_VERSION", None)
    current = torch.__version__.partition("+")[0]
    if not tested or _numbers(current) <= _numbers(tested):
        return None
    return Diagnostic(
        code="convert.untested-versions",
        severity=Severity.NOTE,
        message=f"coremltools {coremltools().__version__} was tested by its makers up to torch {tested}; "
        f"this is torch {current}.",
        hint="ExportDesk checks the converted model's numbers; look at the checks before you ship.",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
