# run: Net --input x=1,16
# expect: nan: logs
import torch
from torch import nn


class LogScale(nn.Module):
    def forward(self, x):
        return torch.log(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 16)
        self.logs = LogScale()
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        return self.out(self.logs(self.fc(x)))
