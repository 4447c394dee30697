"""SimpleNet: two layers that always do the same, so a trace holds the whole model.

Each layer is a convolution, a ReLU and a 2×2 max-pooling. Nothing in ``forward`` looks at the values that pass through,
so recording one run (a *trace*) records them all. This is the easy case: no module needs to be scripted.
"""

import torch
from torch import nn


class SimpleNet(nn.Module):
    """Turn an image of 3 channels into 16 channels at a quarter of its size."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(3, 6, kernel_size=3), nn.ReLU(), nn.MaxPool2d(2))
        self.layer2 = nn.Sequential(nn.Conv2d(6, 16, kernel_size=1), nn.ReLU(), nn.MaxPool2d(2))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layer2(self.layer1(image))


if __name__ == "__main__":
    print(SimpleNet()(torch.randn(1, 3, 224, 224)).shape)
