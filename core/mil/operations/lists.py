"""Lists of tensors: a list is never changed, writing makes a new one that shares the tensors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..holders import holder_dtype
from ..memory import require_elements
from ..table import Tensors, operation


@dataclass(frozen=True, slots=True)
class TensorList:
    """``elements`` are None until they are written."""

    elements: tuple[Tensor | None, ...]
    shape: tuple[int, ...] | None
    """Of each element; None where the program does not know it."""
    dtype: torch.dtype
    is_dynamic: bool

    def read(self, index: int) -> Tensor:
        if not 0 <= index < len(self.elements):
            raise IndexError(f"index {index} is outside a list of {len(self.elements)}")
        element = self.elements[index]
        if element is not None:
            return element
        # An element that was never written: zeros, in the shape of the others.
        shape = self.shape
        if shape is None:
            shape = next((tuple(other.shape) for other in self.elements if other is not None), None)
        if shape is None:
            raise ValueError(f"element {index} of the list is read before it is written")
        return torch.zeros(shape, dtype=self.dtype)

    def write(self, index: int, value: Tensor) -> "TensorList":
        elements = self.elements
        if index < 0 or (index >= len(elements) and not self.is_dynamic):
            raise IndexError(f"index {index} is outside a list of {len(elements)}")
        if index >= len(elements):
            require_elements(index)
            elements = (*elements, *[None] * (index + 1 - len(elements)))
        return TensorList((*elements[:index], value, *elements[index + 1 :]), self.shape, self.dtype, self.is_dynamic)


@operation("make_list", exact=True)
def make_list(
    elem_shape: Tensors = (), init_length: int = 1, dynamic_length: bool = True, dtype: str = "fp32"
) -> TensorList:
    sizes = [int(size.item()) if isinstance(size, Tensor) else None for size in elem_shape]
    known = None if None in sizes else tuple(size for size in sizes if size is not None)
    require_elements(init_length)
    return TensorList((None,) * init_length, known, holder_dtype(dtype), dynamic_length)


@operation("list_length", exact=True)
def list_length(ls: Tensor) -> Tensor:
    return torch.tensor(len(_list(ls).elements), dtype=torch.int32)


@operation("list_write", exact=True)
def list_write(ls: Tensor, value: Tensor, index: int) -> TensorList:
    return _list(ls).write(index, value)


@operation("list_read", exact=True)
def list_read(ls: Tensor, index: int) -> Tensor:
    return _list(ls).read(index)


@operation("list_gather", exact=True)
def list_gather(ls: Tensor, indices: Tensor) -> Tensor:
    tensors = _list(ls)
    return torch.stack([tensors.read(int(index)) for index in indices.reshape(-1).tolist()])


@operation("list_scatter", exact=True)
def list_scatter(ls: Tensor, indices: Tensor, value: Tensor) -> TensorList:
    tensors = _list(ls)
    for index, element in zip(indices.reshape(-1).tolist(), value, strict=True):
        tensors = tensors.write(int(index), element)
    return tensors


def _list(value: object) -> TensorList:
    if not isinstance(value, TensorList):
        raise TypeError("a list is expected")
    return value
