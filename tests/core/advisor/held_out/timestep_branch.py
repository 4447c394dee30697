# run: Denoiser --input x=1,4 --input t=1:int64
# expect: script: <model>
import torch
from torch import nn


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.early = nn.Linear(4, 4)
        self.late = nn.Linear(4, 4)
        self.temb = nn.Embedding(1000, 4)

    def forward(self, x, t):
        h = x + self.temb(t)
        if t[0] >= 900:
            return self.early(h)
        return self.late(h)
