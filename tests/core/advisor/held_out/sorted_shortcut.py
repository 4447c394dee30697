# run: Net --input x=1,12
# expect: script: rank
import torch
from torch import nn


class Rank(nn.Module):
    def forward(self, x):
        if (x[:, 1:] >= x[:, :-1]).all():
            return torch.arange(x.shape[1], dtype=torch.float32).expand_as(x)
        return x.argsort(-1).argsort(-1).float() * 0.5


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rank = Rank()

    def forward(self, x):
        return self.rank(x) + x
