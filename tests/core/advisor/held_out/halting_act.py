# run: Ponder --input x=1,6
# expect: script: <model>
import torch
from torch import nn


class Ponder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(6, 6)
        self.halt = nn.Linear(6, 1)

    def forward(self, x):
        h = torch.zeros_like(x)
        total = torch.zeros(1)
        out = torch.zeros_like(x)
        steps = 0
        while total < 0.99 and steps < 12:
            h = self.cell(x, h)
            p = torch.sigmoid(self.halt(h)).mean() * 0.5
            out = out + p * h
            total = total + p
            steps += 1
        return out
