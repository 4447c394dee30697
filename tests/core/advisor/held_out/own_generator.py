# run: Net --input x=1,32
# expect: state: noise
import torch
from torch import nn


class Noise(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = torch.Generator().manual_seed(3)

    def forward(self, x):
        return x + 0.1 * torch.randn(x.shape, generator=self.g)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(32, 8)
        self.noise = Noise()

    def forward(self, x):
        return self.noise(self.fc(x))
