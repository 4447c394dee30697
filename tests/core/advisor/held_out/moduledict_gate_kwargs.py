# run: Net --input x=2,8
# expect: script: heads.aux.gate
import torch
from torch import nn
from typing import Optional


class DataGate(nn.Module):
    def forward(self, x: torch.Tensor, *, scale: float = 1.0, bias: Optional[torch.Tensor] = None) -> torch.Tensor:
        if x.mean() < 0:
            x = -x
        if bias is not None:
            x = x + bias
        return x * scale


class Head(nn.Module):
    def __init__(self, gated):
        super().__init__()
        self.gate = DataGate() if gated else None
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        if self.gate is not None:
            x = self.gate(x, scale=2.0)
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(8, 8)
        self.heads = nn.ModuleDict({"main": Head(False), "aux": Head(True)})

    def forward(self, x):
        h = self.trunk(x)
        return {k: m(h) for k, m in self.heads.items()}
