"""Tensors that a formula works out while it is traced, and that the graph then holds as constants."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def untraced() -> Iterator[None]:
    """Run a block whose operations are not recorded."""
    tracer: Any = torch._C
    state = tracer._get_tracing_state()
    tracer._set_tracing_state(None)
    try:
        yield
    finally:
        tracer._set_tracing_state(state)


def sizes_of(x: torch.Tensor) -> list[int]:
    """Return the sizes of the example, as numbers that the graph holds as constants."""
    with untraced():
        return [int(size) for size in x.shape]
