import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return torch.empty(2**50) + x
