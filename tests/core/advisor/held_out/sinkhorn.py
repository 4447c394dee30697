# run: Matcher --input a=1,4,6 --input b=1,5,6
# expect: script: ot
import torch
from torch import nn


class Sinkhorn(nn.Module):
    def __init__(self, tol: float = 1e-3, cap: int = 50):
        super().__init__()
        self.tol = tol
        self.cap = cap

    def forward(self, cost: torch.Tensor) -> torch.Tensor:
        k = torch.exp(-cost)
        u = torch.ones_like(k[:, :, 0])
        v = torch.ones_like(k[:, 0])
        err = torch.tensor(1.0)
        n = 0
        while err > self.tol and n < self.cap:
            last = u
            u = 1.0 / (k @ v.unsqueeze(-1)).squeeze(-1)
            v = 1.0 / (k.transpose(1, 2) @ u.unsqueeze(-1)).squeeze(-1)
            err = (u - last).abs().max()
            n += 1
        return u.unsqueeze(-1) * k * v.unsqueeze(1)


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(6, 6)
        self.ot = Sinkhorn()

    def forward(self, a, b):
        cost = torch.cdist(self.proj(a), self.proj(b))
        return self.ot(cost)
