"""Which files a block of code has read: what it opened through Python, and the modules that it imported."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .user_imports import is_installed, is_users

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SYSTEM = ("/dev/", "/proc/", "/sys/")

_recording: "FilesRead | None" = None
_has_hook = False


class FilesRead:
    """Absolute paths, those of installed libraries left out. Files read by other languages' libraries go unseen."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()

    def note(self, path: str) -> None:
        """Add a path; a file of an installed library is no part of the model."""
        absolute = os.path.realpath(path)
        if not absolute.startswith(_SYSTEM) and not is_installed(absolute) and not absolute.endswith(".pyc"):
            self.paths.add(Path(absolute))

    def outside(self, *folders: Path) -> set[Path]:
        """Return the paths that are in none of some folders."""
        inside = tuple(f"{folder.resolve()}{os.sep}" for folder in folders)
        return {path for path in self.paths if not str(path).startswith(inside)}

    def note_imported(self) -> None:
        """Add the source of every module of the user's that is imported; Python may have read its ``.pyc`` instead."""
        for module in list(sys.modules.values()):
            place = getattr(module, "__file__", None)
            if isinstance(place, str) and is_users(module):
                self.note(place)


@contextlib.contextmanager
def files_read() -> Iterator[FilesRead]:
    """Note in the block which files are read; one block at a time is noted.

    Python cannot remove an audit hook, so there is one for the life of the process, which is idle outside blocks.
    """
    global _recording, _has_hook
    if not _has_hook:
        sys.addaudithook(_hear)
        _has_hook = True
    outer, _recording = _recording, FilesRead()
    try:
        yield _recording
    finally:
        _recording = outer


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _recording is None or event != "open":
        return
    path, mode, flags = arguments
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str) or (isinstance(flags, int) and flags & _WRITING):
        return
    if isinstance(mode, str) and not set(mode).isdisjoint("wax+"):
        return
    _recording.note(path)
