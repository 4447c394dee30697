# run: Net --input tokens=1,16|64,8
# expect: script: unpatch
import math

import torch
from torch import nn


class Unpatchify(nn.Module):
    def forward(self, t: torch.Tensor) -> torch.Tensor:
        side = int(math.sqrt(t.shape[1]))
        return t.transpose(1, 2).reshape(t.shape[0], t.shape[2], side, side)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.unpatch = Unpatchify()
        self.conv = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, tokens):
        return self.conv(self.unpatch(self.norm(tokens)))
