# run: Net --input x=1,8
# expect: none
import torch
from torch import nn


class Checked(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        if not torch.isfinite(x).all():
            raise ValueError("input has NaN or infinity")
        assert x.abs().max() < 1e12, "not normalised"
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = Checked()

    def forward(self, x):
        return self.c(x)
