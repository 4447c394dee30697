# run: Net --input x=1,3,12,12
# expect: script: gate, stages.3.blocks.2.act
import torch
from torch import nn


class RareAct(nn.Module):
    def forward(self, x):
        if x.amax() > 9.0:
            return torch.tanh(x)
        return torch.relu(x)


class Unit(nn.Module):
    def __init__(self, rare):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.act = RareAct() if rare else nn.ReLU()

    def forward(self, x):
        return x + self.act(self.conv(x))


class Stage(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.blocks = nn.ModuleList([Unit(number == 3 and i == 2) for i in range(4)])

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return x


class MeanGate(nn.Module):
    def forward(self, x):
        if x.mean() < 0:
            x = x.flip(1)
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = MeanGate()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.stages = nn.ModuleList([Stage(i) for i in range(5)])
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.stem(self.gate(x))
        for s in self.stages:
            x = s(x)
        return self.head(x.mean((2, 3)))
