import warnings

import torch
from torch import nn

warnings.simplefilter("error")


class Net(nn.Module):
    def forward(self, x):
        return torch.relu(x)
