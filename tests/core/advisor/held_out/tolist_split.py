# run: Net --input x=6,4 --input sizes=2:int64
# expect: impossible: ragged
import torch
from torch import nn


class Ragged(nn.Module):
    def forward(self, x, sizes):
        n = [int(v) % 3 + 1 for v in sizes.tolist()]
        n.append(x.shape[0] - sum(n))
        return torch.stack([part.mean(0) for part in x.split(n)])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.ragged = Ragged()
        self.fc = nn.Linear(4, 2)

    def forward(self, x, sizes):
        return self.fc(self.ragged(x, sizes))
