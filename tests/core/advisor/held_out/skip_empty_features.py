# run: Net --input a=1,4 --input b=1,4 --input c=1,4
# expect: script: fuse
from typing import List

import torch
from torch import nn


class Fuse(nn.Module):
    def forward(self, feats: List[torch.Tensor]) -> torch.Tensor:
        out = torch.zeros_like(feats[0])
        used = 0
        for f in feats:
            if f.abs().sum() == 0:
                continue
            out = out + f
            used += 1
        return out / max(used, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fuse = Fuse()
        self.fc = nn.Linear(4, 2)

    def forward(self, a, b, c):
        return self.fc(self.fuse([a, b, c]))
