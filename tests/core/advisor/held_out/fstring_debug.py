# run: Net --input x=1,8
# expect: script: g
import torch
from torch import nn


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.name = "gate"

    def forward(self, x):
        key = f"{self.name}:{x.shape[-1]}"
        if x.mean() > 0:
            return x * 2
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.g = G()

    def forward(self, x):
        return self.g(self.fc(x))
