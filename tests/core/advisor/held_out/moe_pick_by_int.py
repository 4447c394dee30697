# run: SwitchFFN --input x=1,8
# expect: impossible: <model>
import torch
from torch import nn


class Expert(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, h), nn.GELU(), nn.Linear(h, d))

    def forward(self, x):
        return self.net(x)


class SwitchFFN(nn.Module):
    def __init__(self, dim=8, hidden=16, n_experts=4):
        super().__init__()
        self.router = nn.Linear(dim, n_experts)
        self.experts = nn.ModuleList(Expert(dim, hidden) for _ in range(n_experts))

    def forward(self, x):
        scores = self.router(x).softmax(-1)
        e = scores.mean(0).argmax().item()
        return x + scores[:, e : e + 1] * self.experts[e](x)
