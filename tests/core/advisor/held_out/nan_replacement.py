# run: Net --input x=1,8
# expect: script: clean | undecided: clean
import torch
from torch import nn


class Clean(nn.Module):
    def forward(self, x):
        if torch.isnan(x).any():
            x = torch.where(torch.isnan(x), torch.zeros_like(x), x)
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.clean = Clean()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(self.clean(x))
