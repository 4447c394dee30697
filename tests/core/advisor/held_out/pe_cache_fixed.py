# run: Net --input x=1,12,8
# expect: none
import math

import torch
from torch import nn


class PE(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.pe = None
        self.extend(torch.zeros(1, 4))

    def extend(self, x):
        if self.pe is not None and self.pe.size(1) >= x.size(1):
            return
        pos = torch.arange(0, x.size(1), dtype=torch.float32).unsqueeze(1)
        div = torch.exp(torch.arange(0, self.dim, 2, dtype=torch.float32) * -(math.log(10000.0) / self.dim))
        pe = torch.zeros(x.size(1), self.dim)
        pe[:, 0::2] = torch.sin(pos * div)
        pe[:, 1::2] = torch.cos(pos * div)
        self.pe = pe.unsqueeze(0)

    def forward(self, x):
        self.extend(x)
        return x + self.pe[:, : x.size(1)]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pe = PE(8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.layer(self.pe(x))
