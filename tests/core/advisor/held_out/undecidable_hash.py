# run: Net --input x=1,8
# expect: undecided: lottery | script: lottery
import torch
from torch import nn


class Lottery(nn.Module):
    def forward(self, x):
        if int(x.double().sum() * 1e6) % 10007 == 4242:
            return -x
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.lottery = Lottery()

    def forward(self, x):
        return self.lottery(self.fc(x))
