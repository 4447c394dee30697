import torch
from torch import nn


class Net(nn.Module):
    def __getattr__(self, name):
        raise RuntimeError(f"{name}? ask somebody else")

    def __repr__(self):
        raise RuntimeError("no picture")

    def forward(self, x):
        return x
