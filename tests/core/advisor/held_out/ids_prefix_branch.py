# run: Prompted --input ids=1,16:int64
# expect: script: prefix
import torch
from torch import nn


class Prefix(nn.Module):
    """Adds the task's vector when the first token asks for it."""

    def __init__(self, dim: int = 8, task_token: int = 77):
        super().__init__()
        self.task_token = task_token
        self.vector = nn.Parameter(torch.randn(dim))

    def forward(self, ids, h):
        if ids[0, 0] == self.task_token:
            h = h + self.vector
        return h


class Prompted(nn.Module):
    def __init__(self, vocab=1000, dim=8):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.prefix = Prefix(dim)
        self.layer = nn.TransformerEncoderLayer(dim, 2, 16, batch_first=True)
        self.head = nn.Linear(dim, vocab)

    def forward(self, ids):
        h = self.prefix(ids, self.emb(ids))
        return self.head(self.layer(h))
