# run: Net --input x=1,1,8,8
# expect: script: standardise
import torch
from torch import nn


class Standardise(nn.Module):
    def forward(self, x):
        s = x.std()
        if s == 0:
            return torch.zeros_like(x) + 7.0
        return (x - x.mean()) / (s + 1e-3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.standardise = Standardise()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        return self.conv(self.standardise(x))
