# run: Net --input x=1,5
# expect: none
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({k: nn.Linear(5, 1) for k in ["age", "sex", "mood", "pose"]})

    def forward(self, x):
        wanted = {"mood", "age", "pose"}
        return sum(self.heads[k](x) for k in sorted(wanted))
