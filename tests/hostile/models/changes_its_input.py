import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        x.add_(1)
        return x.clone()
