import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        while True:
            x = x + 1
        return x
