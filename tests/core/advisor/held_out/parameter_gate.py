# run: Net --input x=1,8
# expect: none
import torch
from torch import nn


class Net(nn.Module):
    """The gate is a learned parameter: it decides the same way for every input."""

    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.7))
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)

    def forward(self, x):
        if torch.sigmoid(self.alpha) > 0.5:
            return self.a(x)
        return self.b(x)
