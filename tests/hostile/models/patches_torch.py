import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(x)


def _call(self, *args, **kwargs):
    raise RuntimeError("nothing is called today")


nn.Module.__call__ = _call
torch.jit.trace = None
torch.jit.script = None
