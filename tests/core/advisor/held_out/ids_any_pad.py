# run: Encoder --input ids=1,12:int64
# expect: none
# note: the example has padding, so the trace masks; without padding that multiplies by one
import torch
from torch import nn


class PadMask(nn.Module):
    def __init__(self, pad: int = 0):
        super().__init__()
        self.pad = pad

    def forward(self, ids, h):
        m = ids == self.pad
        if m.any():
            h = h.masked_fill(m.unsqueeze(-1), 0.0) * (1.0 + m.float().mean())
        return h


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(5000, 8)
        self.masker = PadMask()
        self.fc = nn.Linear(8, 8)

    def forward(self, ids):
        return self.fc(self.masker(ids, self.emb(ids))).mean(1)
