# run: make --input x=1,4
# expect: state: tick
import torch
from torch import nn


def counter():
    n = 0

    def step():
        nonlocal n
        n += 1
        return n

    return step


class Tick(nn.Module):
    def __init__(self):
        super().__init__()
        self.step = counter()

    def forward(self, x):
        return x * (1 + 0.1 * (self.step() % 3))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.tick = Tick()

    def forward(self, x):
        return self.tick(self.fc(x))


def make():
    return Net()
