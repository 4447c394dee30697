"""Net: one convolution, exported as a module and by its bound ``forward``.

Tracing the module and tracing its bound method give the same program; which of the two is meant is the *entry*:
``Net`` or ``Net.forward``. The second form is the one that also reaches other methods, such as ``Net.encode``.
"""

import torch
from torch import nn


class Net(nn.Module):
    """One 3×3 convolution from one channel to one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, kernel_size=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


if __name__ == "__main__":
    print(Net()(torch.rand(1, 1, 3, 3)))
