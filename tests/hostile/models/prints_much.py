import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(x)


for _ in range(200):
    sys.stdout.write("0123456789" * 10_000 + "\n")  # 20 MB
    sys.stderr.write("abcdefghij" * 1_000)
