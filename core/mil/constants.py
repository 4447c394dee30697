"""Constants of a program in the forms that operations want, each made once."""

from typing import Any

from torch import Tensor

from ..errors import fail
from .holders import to_array, to_holder
from .program import BlobReference, TensorType, Value, ValueType
from .table import Bools, Floats, Ints
from .weights import WeightFiles

_SCALARS: dict[Any, Any] = {int: int, float: float, bool: bool}
_SEQUENCES: dict[Any, Any] = {Ints: int, Floats: float, Bools: bool}


def as_plain(value: Any, kind: Any) -> Any:
    """Return an array or tensor as the plain Python value that an operation's parameter asks for.

    Args:
        kind: int, float, bool, str, Ints, Floats or Bools.

    Raises:
        ValueError: a single value was wanted and there are several.
    """
    if kind is str or isinstance(value, str):
        return str(value)
    if kind in _SEQUENCES:
        convert = _SEQUENCES[kind]
        return tuple([convert(item) for item in value.reshape(-1).tolist()])
    if kind in _SCALARS:
        return _SCALARS[kind](value.item())
    return value


class Constant:
    """One constant of a program.

    ``tensor`` and ``plain`` read it from the weight file when first asked; one that nobody uses costs nothing.
    """

    def __init__(self, value: Value, weights: WeightFiles, *, rounds: bool) -> None:
        self.type: ValueType = value.type
        self._data = value.data
        self._weights = weights
        self._rounds = rounds
        self._tensor: Tensor | None = None

    @classmethod
    def computed(cls, tensor: Tensor, kind: ValueType, *, rounds: bool) -> "Constant":
        """Return a constant that was made by an operation on constants, such as a decompressed weight."""
        constant = cls(Value(kind, None), WeightFiles(None), rounds=rounds)
        constant._tensor = tensor
        return constant

    @property
    def tensor(self) -> Any:
        """The constant as its holder; texts and dictionaries as they are."""
        if self._tensor is None:
            data = self._array()
            if not isinstance(self.type, TensorType) or self.type.dtype == "str":
                return data
            self._tensor = to_holder(data, self.type.dtype, rounds=self._rounds)
        return self._tensor

    def plain(self, kind: Any) -> Any:
        """Return the constant as a plain Python value of the wanted kind."""
        data = self.array() if isinstance(self.type, TensorType) else self._data
        return as_plain(data, kind)

    def array(self) -> Any:
        """Return the constant as an array of its own type, or its text."""
        if self._data is None and self._tensor is not None:
            dtype = self.type.dtype if isinstance(self.type, TensorType) else "fp32"
            return to_array(self._tensor, dtype, rounds=self._rounds)
        return self._array()

    def _array(self) -> Any:
        if not isinstance(self._data, BlobReference):
            return self._data
        if not isinstance(self.type, TensorType):
            fail("package.malformed", "Only tensors may lie in a weight file.")
        return self._weights.read(self._data, self.type)

    @property
    def rank(self) -> int:
        return len(self.type.shape) if isinstance(self.type, TensorType) else 0
