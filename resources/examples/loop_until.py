"""LoopUntil: the loop ends when the body's output is small enough, so tracing is wrong.

The body halves its input, and the loop ends once no value is above 1/32. An input whose largest value is 1 takes five
turns, one whose largest value is 0.5 takes four. A trace would freeze the number of turns that the example took, and
give wrong values for every other input without saying so. Scripted, the loop stays a loop.
"""

import torch
from torch import nn


class Damping(nn.Module):
    """Multiply by a matrix, which is half of the identity to begin with."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.5 * torch.eye(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.matmul(x, self.weight)


class LoopUntil(nn.Module):
    """Damp the input until it is at rest."""

    limit: torch.jit.Final[float]  # a constant for the script compiler, not an attribute that could change

    def __init__(self, size: int = 4, limit: float = 1 / 32) -> None:
        super().__init__()
        self.body = Damping(size)
        self.limit = limit

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        while bool(x.abs().max() > self.limit):
            x = self.body(x)
        return x


if __name__ == "__main__":
    model = LoopUntil()
    print(model(torch.full((1, 4), 1.0)))  # five turns
    print(model(torch.full((1, 4), 0.5)))  # four turns
