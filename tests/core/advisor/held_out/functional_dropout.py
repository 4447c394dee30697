# run: Net --input x=1,64
# expect: random: mid
import torch
import torch.nn.functional as F
from torch import nn


class Mid(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 64)

    def forward(self, x):
        return F.dropout(F.relu(self.fc(x)), 0.5)  # the classic bug: training=True is the default


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(64, 64)
        self.mid = Mid()
        self.out = nn.Linear(64, 3)

    def forward(self, x):
        return self.out(self.mid(self.inp(x)))
