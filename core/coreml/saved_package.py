"""Packages on disk, read without coremltools' own reader: it writes into every package that it opens."""

import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .package_manifest import model_file
from .toolkit import coremltools


def read_specification(path: Path) -> Any:
    """Return the protobuf message of an ``.mlpackage`` or ``.mlmodel``; the weights stay on disk."""
    coremltools()
    proto: Any = importlib.import_module("coremltools.proto.Model_pb2")
    file = model_file(path) if path.is_dir() else path
    return proto.Model.FromString(file.read_bytes())


@contextmanager
def working_copy(package: Path) -> Iterator[Path]:
    """Yield a copy of a package that coremltools may open; its weights are those of the package, by reference."""
    with TemporaryDirectory(prefix="exportdesk-") as folder:
        copy = Path(folder) / package.name
        shutil.copytree(package, copy, copy_function=_copy_or_refer)
        yield copy


def _copy_or_refer(source: str, destination: str) -> str:
    if source.endswith(".bin"):
        Path(destination).symlink_to(Path(source).resolve())
    else:
        shutil.copyfile(source, destination)
    return destination
