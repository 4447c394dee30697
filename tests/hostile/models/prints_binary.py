import os

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(x)


os.write(1, bytes(range(256)) * 64)
os.write(2, b"\xff\xfe\x00\x1b[2J\x1b]0;title\x07")
