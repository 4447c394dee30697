"""The last stage: recipe, manifest and checksums beside the artefacts."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import torch

from ..recipe.document import write_recipe
from ..recipe.moving import moved_recipe
from ..results import ExportResult
from .place import MANIFEST
from .samples import Sample

CHECKSUMS = "SHA256SUMS"


def write_bundle(
    result: ExportResult,
    bundle: Path,
    folder: Path,
    *,
    samples: Sequence[Sample],
    method: str,
    function: str | None = None,
    known: Mapping[Path, str] | None = None,
) -> ExportResult:
    """Write recipe, manifest and checksums into ``bundle`` (which will be renamed to ``result.out``).

    Args:
        samples: of ``method``, which is the package's function ``function`` where it has several.
        known: checksums of files in ``bundle``, relative to it, that need not be read again.
    """
    out = Path(result.out)
    write_recipe(moved_recipe(result.recipe, folder, out), bundle / "recipe.toml")
    names = {kind: Path(path).name for kind, path in result.files.items()}
    manifest = {
        "exportdesk": version("exportdesk") if _is_installed("exportdesk") else "unknown",
        "files": names,
        "method": method,
        "function": function,
        "samples": msgspec.to_builtins(samples),
        "checks": msgspec.to_builtins(result.checks),
        "coreml": msgspec.to_builtins(result.coreml),
        "modes": result.modes,
        "made_with": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "coremltools": version("coremltools") if _is_installed("coremltools") else None,
            "system": platform.platform(),
        },
    }
    (bundle / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    (bundle / CHECKSUMS).write_text(checksums(bundle, known or {}), encoding="utf-8")
    return result


def checksums(bundle: Path, known: Mapping[Path, str]) -> str:
    """Return one line a file, as ``sha256sum`` writes and checks them; names are relative and use slashes."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    names = [path.relative_to(bundle) for path in files]
    return "".join(f"{known.get(name) or _sha256(bundle / name)}  {name.as_posix()}\n" for name in names)


def read_checksums(bundle: Path) -> dict[Path, str]:
    """Return the checksum of each file of a bundle that was just written."""
    lines = (bundle / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    return {Path(name): digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
