# run: Net --input a=1,6 --input b=1,6
# expect: script: cmp
import torch
from torch import nn


class Compare(nn.Module):
    def forward(self, a, b):
        if torch.equal(a, b):
            return torch.full_like(a, 3.0)
        return a - b


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cmp = Compare()
        self.fc = nn.Linear(6, 2)

    def forward(self, a, b):
        return self.fc(self.cmp(a, b))
