# run: Net --input points=1,50,3
# expect: none
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, points):
        p = points[0]
        p = p[p[:, 2] > -0.5]
        f = self.mlp(p)
        f[f < 0] = 0
        return f.sum(0)
