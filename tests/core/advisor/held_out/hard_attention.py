# run: Net --input q=2,5,8 --input v=2,5,8
# expect: none
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(8, 1)

    def forward(self, q, v):
        idx = self.score(q).squeeze(-1).argmax(-1)
        picked = v[torch.arange(v.size(0)), idx]
        mask = torch.zeros(v.shape[:2], dtype=torch.bool)
        mask[torch.arange(v.size(0)), idx] = True
        return picked, v.masked_fill(mask.unsqueeze(-1), 0).sum(1)
