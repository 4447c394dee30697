"""Files and folders that appear in their place only when they are whole."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import fail


def write_whole(path: Path, content: bytes) -> None:
    """Write a file by rename, so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # A temporary file is private to its owner; ours becomes as readable as any other new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def staging_beside(out: Path) -> Path:
    """Return a new name for the staging folder of ``out``: beside it, so that a rename is enough at the end."""
    return out.parent / f".{out.name}.{os.getpid()}-{os.urandom(4).hex()}.partial"


@contextlib.contextmanager
def staged_folder(out: Path, staging: Path) -> Iterator[Path]:
    """Make a folder at ``staging`` and put it in the place of ``out`` once the block has ended well.

    What was at ``out`` stays until the new folder is whole, and comes back should the exchange fail. Nothing is left
    behind when the block raises; where the process dies, whoever chose ``staging`` removes it.

    Raises:
        ExportDeskError: ``call.out`` where nothing can be written there.
    """
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        fail(
            "call.out",
            f"Nothing can be written at {out}: {error.strerror or error}.",
            file=str(out),
            hint="Choose a folder that you may write to.",
            cause=error,
        )
    try:
        yield staging
        previous = _previous(staging)
        if out.exists():
            out.rename(previous)
        try:
            staging.rename(out)
        except OSError:
            if previous.exists():
                previous.rename(out)
            raise
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def discard(out: Path, staging: Path) -> None:
    """Remove what a dead process left of a staging folder.

    Should it have died between the two renames that exchange the bundles, the earlier one goes back to its place.
    """
    shutil.rmtree(staging, ignore_errors=True)
    previous = _previous(staging)
    if previous.exists():
        if out.exists():
            shutil.rmtree(previous, ignore_errors=True)
        else:
            previous.rename(out)


def _previous(staging: Path) -> Path:
    return staging.with_suffix(".previous")
