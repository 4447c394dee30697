# run: FPN --input x=1,3,32,32
# expect: none
from collections import OrderedDict

import torch
from torch import nn
import torch.nn.functional as F


class FPN(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleDict(
            {f"c{i}": nn.Conv2d(3 if i == 0 else 8, 8, 3, stride=2, padding=1) for i in range(3)}
        )
        self.lateral = nn.ModuleDict({k: nn.Conv2d(8, 4, 1) for k in self.stages})

    def forward(self, x):
        feats = OrderedDict()
        for name, stage in self.stages.items():
            x = F.relu(stage(x))
            feats[name] = x
        out, prev = {}, None
        for name in reversed(list(feats)):
            y = self.lateral[name](feats[name])
            if prev is not None:
                y = y + F.interpolate(prev, size=y.shape[-2:], mode="nearest")
            out[name] = prev = y
        return out
