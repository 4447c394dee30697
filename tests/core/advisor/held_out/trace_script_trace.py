# run: Net --input x=2,6
# expect: script: router, router.e0.clamp, router.e1.clamp
"""trace in script in trace: encoder (static) > router (dynamic) > expert (static) > clamp (dynamic)"""
import torch
from torch import nn
class Clamp(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.abs().max() > 3):
            return x.clamp(-3, 3)
        return x * 1.5
class Expert(nn.Module):
    def __init__(self, d, act):
        super().__init__()
        self.a = nn.Linear(d, d)
        self.clamp = Clamp()
        self.act = act
    def forward(self, x, *extra, **kw):
        y = self.clamp(self.a(x))
        return self.act(y) if not extra else self.act(y) + extra[0]
class Router(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.e0 = Expert(d, torch.tanh)
        self.e1 = Expert(d, torch.relu)
        self.g = nn.Linear(d, 2)
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        i = int(self.g(x).mean(0).argmax())
        if i == 0:
            return self.e0(x)
        return self.e1(x)
class Net(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.enc = nn.Linear(d, d)
        self.router = Router(d)
        self.dec = nn.Linear(d, d)
    def forward(self, x):
        return self.dec(self.router(self.enc(x)))
