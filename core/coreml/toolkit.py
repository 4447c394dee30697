"""coremltools, imported quietly, or the reason why it cannot be."""

import contextlib
import importlib
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import fail

_OTHER_FRONTENDS = ("libsvm", "xgboost", "tensorflow", "transformers")
"""Libraries that coremltools imports where they are installed, to convert their models or to test itself."""

_leaves_out_other_frontends = False


def leave_out_other_frontends() -> None:
    """Let ``coremltools()`` import it without the libraries of other frontends, which take seconds to import.

    For a process of our own only: what coremltools has not found then, it does not find later.
    """
    global _leaves_out_other_frontends
    _leaves_out_other_frontends = True


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """Make the import of some modules fail, as if they were not installed; those imported already stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]  # None is how an import is made to fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


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
        with warnings.catch_warnings(), _hidden(_OTHER_FRONTENDS if _leaves_out_other_frontends else ()):
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
