# run: Net --input x=1,4
# expect: state: alt
import torch
from torch import nn

STEP = 0


class Alternate(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)

    def forward(self, x):
        global STEP
        STEP += 1
        return self.a(x) if STEP % 2 else self.b(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.alt = Alternate()

    def forward(self, x):
        return self.alt(self.fc(x))
