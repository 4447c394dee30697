"""ControlFlowNet: how often the body runs depends on the input, so the model must be scripted.

The body runs twice when the mean of the input is below zero, and once otherwise. A trace would keep only the turn that
the example input took; a script keeps the ``if`` and the ``for``. Here everything is scripted, the body too.
"""

import torch
from torch import nn


class Body(nn.Module):
    """A convolution that keeps the size of the image, then a ReLU."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x))


class ControlFlowNet(nn.Module):
    """Run the body twice on a dark image (mean below zero), once on any other."""

    def __init__(self, num_channels: int = 3) -> None:
        super().__init__()
        self.loop_body = Body(num_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.mean(x).item() < 0:
            turns = 2
        else:
            turns = 1
        for _ in range(turns):
            x = self.loop_body(x)
        return x


if __name__ == "__main__":
    print(ControlFlowNet()(torch.randn(1, 3, 64, 64)).shape)
