# run: Net --input ids=1,8:int64
# expect: impossible: dedupe
import torch
from torch import nn


class Dedupe(nn.Module):
    def forward(self, ids, h):
        seen = set()
        keep = []
        for i, t in enumerate(ids[0].tolist()):
            if t not in seen:
                seen.add(t)
                keep.append(i)
        return h[:, keep].mean(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(12, 4)
        self.dedupe = Dedupe()

    def forward(self, ids):
        return self.dedupe(ids, self.emb(ids))
