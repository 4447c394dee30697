# run: Net --input x=1,10
# expect: script: memory
import torch
from torch import nn


class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(10, 4))

    def forward(self, x):
        out = torch.zeros(4)
        for i in torch.nonzero(x[0] > 0.5).flatten():
            out = out + self.w[i]
        return out


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(10, 10)
        self.memory = Memory()
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.memory(self.inp(x)))
