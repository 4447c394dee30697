# run: Net --input x=1,6
# expect: script: <model>, rare | script: <model>
import torch
from torch import nn


class Rare(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x):
        y = self.fc(x)
        if y.sum() > 0:
            y = -y
        return y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(6, 6)
        self.rare = Rare()
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        h = self.inp(x)
        if h.mean() > 1.5:
            h = self.rare(h)
        return self.out(h)
