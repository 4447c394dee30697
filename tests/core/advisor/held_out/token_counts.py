# run: Net --input ids=1,20:int64
# expect: script: spam
import torch
from torch import nn


class Spam(nn.Module):
    def __init__(self, token: int = 412, times: int = 3):
        super().__init__()
        self.token = token
        self.times = times

    def forward(self, ids, h):
        if (ids == self.token).sum() >= self.times:
            return torch.zeros_like(h)
        return h


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(2000, 6)
        self.spam = Spam()
        self.fc = nn.Linear(6, 2)

    def forward(self, ids):
        return self.fc(self.spam(ids, self.emb(ids)).mean(1))
