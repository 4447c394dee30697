"""foo: a plain function of two tensors.

Not everything worth exporting is a module. A function is traced like one; it has no parameters and no submodules.
"""

import torch


def foo(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return twice the first vector plus the second."""
    return 2 * x + y


if __name__ == "__main__":
    print(foo(torch.rand(3), torch.rand(3)))
