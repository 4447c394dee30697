"""Arrays in an ``.npz`` file, written one by one as they are made."""

import zipfile
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import fail


class ArraysFile:
    """A ``.npz`` being written; a name that comes again gets ``#1``, ``#2``, ... behind it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Counter[str] = Counter()
        try:
            self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)
        except OSError as error:
            fail("call.output", f"“{path}” cannot be written: {error.strerror}.", file=str(path))

    def __enter__(self) -> "ArraysFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        if error is not None:
            self._path.unlink(missing_ok=True)

    def write(self, name: str, array: np.ndarray[Any, Any]) -> None:
        count = self._seen[name]
        self._seen[name] += 1
        with self._zip.open(f"{name}#{count}.npy" if count else f"{name}.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)  # type: ignore[no-untyped-call]
