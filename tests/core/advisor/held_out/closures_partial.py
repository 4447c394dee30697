# run: Net --input x=2,6
# expect: none
import functools

import torch
from torch import nn


def scaled(t, by):
    return t * by


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fcs = nn.ModuleList([nn.Linear(6, 6) for _ in range(3)])
        self.post = functools.partial(scaled, by=0.5)
        self.act = lambda t: torch.where(t > 0, t, 0.1 * t)

    def forward(self, x, **kwargs):
        def residual(layer, t):
            return t + self.act(layer(t))

        for fc in self.fcs:
            x = residual(fc, x)
        return self.post(x)
