# run: Net --input x=1,9
# expect: none
import torch
from torch import nn


class SafeDivide(nn.Module):
    """Both ways of the condition give one number: nothing is lost in a trace."""

    def forward(self, x, y):
        if (y == 0).any():
            return x / torch.where(y == 0, torch.ones_like(y), y)
        return x / torch.where(y == 0, torch.ones_like(y), y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(9, 9)
        self.div = SafeDivide()

    def forward(self, x):
        return self.div(x, torch.relu(self.fc(x)).round())
