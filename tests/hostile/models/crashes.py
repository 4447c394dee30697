import ctypes

import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        ctypes.string_at(0)
        return x
