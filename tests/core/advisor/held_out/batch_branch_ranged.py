# run: Net --input x=1..4=2,6
# expect: script: <model> | script: norm
import torch
from torch import nn


class MaybeNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.ones(6))

    def forward(self, y):
        if y.shape[0] > 1:
            y = (y - y.mean(0)) / (y.std(0) + 1e-5)
        return y + self.bias


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.norm = MaybeNorm()

    def forward(self, x):
        return self.norm(self.fc(x))
