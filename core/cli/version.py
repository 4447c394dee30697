"""What ``exportdesk --version`` says."""

import platform
from importlib.metadata import PackageNotFoundError, version

NEWEST_TORCH_TESTED_BY_COREMLTOOLS = "2.7"
"""coremltools 9.0 warns beyond it; ExportDesk's own tests run with 2.13."""


def version_text() -> str:
    """Return versions and what this pair of torch and coremltools is known to support; nothing heavy is loaded."""
    torch, coremltools = _version("torch"), _version("coremltools")
    lines = [
        f"exportdesk {_version('exportdesk') or 'from a folder'}",
        f"Python {platform.python_version()}",
        f"torch {torch or 'not installed'}",
        f"coremltools {coremltools or 'not installed: no Core ML conversion here (there is no Windows wheel of 9.0)'}",
    ]
    if torch and coremltools:
        lines.append(
            f"coremltools {coremltools} was tested by its makers with torch up to "
            f"{NEWEST_TORCH_TESTED_BY_COREMLTOOLS}; ExportDesk's own tests cover it with torch 2.13."
        )
    lines.append("TorchScript is deprecated by its makers since torch 2.9, and is not supported on Python 3.14.")
    return "\n".join(lines)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
