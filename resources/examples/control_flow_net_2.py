"""ControlFlowNet2: script only what decides, trace what computes.

The model of ControlFlowNet, exported another way: the outer model is scripted because it looks at the values, and the
body, which does not, is traced and put into its place. Keeping the scripted part small keeps the converted model
closer to what ran, and leaves less for the script compiler to refuse.
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


class ControlFlowNet2(nn.Module):
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
    print(ControlFlowNet2()(torch.randn(1, 3, 64, 64)).shape)
