# run: SPP --input x=1,4,16..64=32,16..64=32
# expect: none | script: <model>
import torch
import torch.nn as nn
import torch.nn.functional as F


class SPP(nn.Module):
    def __init__(self, levels=(1, 2, 4)):
        super().__init__()
        self.levels = levels
        self.conv = nn.Conv2d(4, 6, 3, padding=1)

    def forward(self, x):
        x = self.conv(x)
        out = []
        for n in self.levels:
            out.append(F.adaptive_max_pool2d(x, n).flatten(1))
        return torch.cat(out, 1)
