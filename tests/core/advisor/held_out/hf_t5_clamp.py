# run: Net --input x=1,6,8
# expect: none
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, hidden):
        hidden = hidden + self.fc(hidden)
        if hidden.dtype == torch.float16 and torch.isinf(hidden).any():
            limit = torch.finfo(hidden.dtype).max - 1000
            hidden = torch.clamp(hidden, min=-limit, max=limit)
        return hidden


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Layer() for _ in range(2)])

    def forward(self, x):
        for l in self.layers:
            x = l(x)
        return x
