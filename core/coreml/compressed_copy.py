"""A saved package, compressed into a copy; the package stays as it is."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ExportDeskError, fail
from ..job_context import JobContext
from ..recipe.model import CoreMLCompression
from .compress import compress, compressed_names, weights_of
from .saved_package import working_copy
from .toolkit import coremltools
from .watching import telling


@contextmanager
def compressed_copy(
    package: Path, steps: Sequence[CoreMLCompression], context: JobContext, *, only: str | None = None
) -> Iterator[tuple[Path, int]]:
    """Yield the path of a compressed copy, and the number of its compressed weights; it is gone after the block.

    Args:
        only: the name of the one weight to compress; None compresses all.

    Raises:
        ExportDeskError: ``convert.compression``.
    """
    coremltools()
    with telling(context), working_copy(package) as copy:
        try:
            made, _ = compress(_loaded(copy), steps, keeps_given=True, only=only)
        except ExportDeskError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())[:300] or type(error).__name__
            fail("convert.compression", f"coremltools cannot compress this package so: {text}", cause=error)
    try:
        yield Path(made.package_path), len(compressed_names(made))
    finally:
        shutil.rmtree(made.package_path, ignore_errors=True)


def compressible_weights(package: Path, smallest: int) -> list[tuple[str, int]]:
    """Return name and number of elements of the weights that are large enough, the largest first."""
    coremltools()
    with working_copy(package) as copy:
        weights = weights_of(_loaded(copy))
    rows = [(name, int(weight.size)) for name, weight in weights.items() if weight.dtype.kind == "f"]
    return sorted((row for row in rows if row[1] >= smallest), key=lambda row: -row[1])


def _loaded(package: Path) -> Any:
    return coremltools().models.MLModel(str(package), skip_model_load=True)
