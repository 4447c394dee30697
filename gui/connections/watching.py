"""Files that are open: told when another program changes them."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from .later import later

READ_DELAY_MS = 150
"""An editor that saves in several steps has the file read once."""


class Watching(QObject):
    """Sees a file change, also one that is saved by rename, or goes and comes back."""

    changed = Signal(Path)
    """A file on disk is another than when it was last looked at."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._stamps: dict[Path, object] = {}
        soon = later(self, READ_DELAY_MS, self._look)
        self._watcher.fileChanged.connect(soon.start)
        self._watcher.directoryChanged.connect(soon.start)

    def watch(self, files: Iterable[Path]) -> None:
        """Watch these files, as they are now, and no others."""
        self._stamps = {file: _stamp(file) for file in files}
        if watched := self._watcher.files() + self._watcher.directories():
            self._watcher.removePaths(watched)
        # A watch ends with its file; the folder tells when there is one again.
        paths = {file if file.exists() else file.parent for file in self._stamps}
        for path in paths:
            if path.exists():
                self._watcher.addPath(str(path))

    def _look(self) -> None:
        changed = [file for file, stamp in self._stamps.items() if _stamp(file) != stamp]
        self.watch(self._stamps)
        for file in changed:
            self.changed.emit(file)


def _stamp(file: Path) -> object:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
