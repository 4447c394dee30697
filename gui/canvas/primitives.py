"""Many lines or rectangles handed to Qt as one block of memory, without a Python object for each."""

from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray


class Block:
    """Memory that Qt reads as an array of ``QLineF`` or ``QRectF``, each of which is four doubles.

    ``QPainter.drawLines`` and ``drawRects`` take the first object and a count, as in C++ (PySide 6.4.3 and later). The
    block must outlive the call that draws it, and a painter keeps one for each kind.
    """

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._values: NDArray[np.float64] = np.empty((0, 4))

    def of(self, values: NDArray[np.float64]) -> tuple[Any, int]:
        """Return the first object and the count, for values of shape (count, 4); count is not zero."""
        self._values = np.ascontiguousarray(values, dtype=np.float64)
        return shiboken6.wrapInstance(self._values.ctypes.data, self._kind), len(self._values)
