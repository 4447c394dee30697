# run: Tower --input x=1,16
# expect: script: body.4.inner.guard
import torch
from torch import nn


class Guard(nn.Module):
    def forward(self, x):
        if x[0, 3] + x[0, 7] - x[0, 9] > 4.0:
            return x * 0.1
        return x


class Inner(nn.Module):
    def __init__(self, guard):
        super().__init__()
        self.fc = nn.Linear(16, 16)
        self.guard = Guard() if guard else nn.Identity()

    def forward(self, x):
        return self.fc(self.guard(x))


class Block(nn.Module):
    def __init__(self, guard):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.inner = Inner(guard)

    def forward(self, x):
        return x + self.inner(self.norm(x))


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(*[Block(i == 4) for i in range(8)])

    def forward(self, x):
        return self.body(x)
