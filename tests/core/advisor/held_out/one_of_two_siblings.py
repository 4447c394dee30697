# run: Net --input x=1,8
# expect: script: second
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, dynamic: bool):
        super().__init__()
        self.dynamic = dynamic
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        y = self.fc(x)
        if self.dynamic:
            if y.norm() > 2.0:
                y = y / y.norm()
        return y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Gate(False)
        self.second = Gate(True)
        self.third = Gate(False)

    def forward(self, x):
        return self.third(self.second(self.first(x)))
