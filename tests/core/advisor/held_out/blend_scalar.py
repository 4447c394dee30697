# run: Net --input x=1,6 --input alpha=1
# expect: script: blend
import torch
from torch import nn


class Blend(nn.Module):
    def forward(self, x, y, alpha):
        a = float(alpha)
        if a <= 0:
            return x
        if a >= 1:
            return y
        return torch.lerp(x, y, a)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.p, self.q = nn.Linear(6, 6), nn.Linear(6, 6)
        self.blend = Blend()

    def forward(self, x, alpha):
        return self.blend(self.p(x), self.q(x), alpha)
