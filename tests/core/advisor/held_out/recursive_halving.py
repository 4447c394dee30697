# run: Net --input x=1,8
# expect: impossible: split
import torch
from torch import nn


class Split(nn.Module):
    def forward(self, x):
        return self.go(x, 0)

    def go(self, x, depth):
        if depth > 2 or x.numel() == 1 or x.std() < 0.5:
            return x.mean().expand_as(x)
        half = x.shape[-1] // 2
        return torch.cat([self.go(x[..., :half], depth + 1), self.go(x[..., half:], depth + 1)], -1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.split = Split()

    def forward(self, x):
        return self.split(self.fc(x))
