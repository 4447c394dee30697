# run: Net --input x=1,7,4
# expect: none
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 6)
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        h = x.new_zeros(x.shape[0], 6)
        out = []
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
            out.append(self.fc(h))
        return torch.stack(out, dim=1)
