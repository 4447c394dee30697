# run: Net --input x=4,8
# expect: script: blocks.1.ffn
import torch
from torch import nn


class TopOneFFN(nn.Module):
    def __init__(self, dim: int, n: int):
        super().__init__()
        self.router = nn.Linear(dim, n)
        self.experts = nn.ModuleList([nn.Linear(dim, dim) for _ in range(n)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        best = int(self.router(x).mean(0).argmax())
        out = x
        for i, expert in enumerate(self.experts):
            if i == best:
                out = expert(x)
        return out


class Dense(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.up = nn.Linear(dim, 2 * dim)
        self.down = nn.Linear(2 * dim, dim)

    def forward(self, x):
        return self.down(torch.relu(self.up(x)))


class Block(nn.Module):
    def __init__(self, dim, sparse):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.ffn = TopOneFFN(dim, 3) if sparse else Dense(dim)

    def forward(self, x):
        return x + self.ffn(self.norm(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(8, i % 2 == 1) for i in range(3)])

    def forward(self, x):
        for b in self.blocks:
            x = b(x)
        return x
