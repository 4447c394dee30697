"""ChosenActivation: an ``if`` that is Python's alone, so tracing is right.

Which activation is used depends on an argument of the constructor, never on a tensor. The choice is made before the
first value flows, and a trace records the one that was chosen. Scripting is unnecessary here; the advisor says so.
"""

import torch
from torch import nn


class ChosenActivation(nn.Module):
    """A linear layer and the activation that was asked for."""

    def __init__(self, activation: str = "gelu") -> None:
        super().__init__()
        self.linear = nn.Linear(10, 10)
        self.activation = activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        if self.activation == "relu":
            return torch.relu(x)
        if self.activation == "gelu":
            return nn.functional.gelu(x)
        raise ValueError(f"activation is {self.activation!r}; it is relu or gelu")


if __name__ == "__main__":
    print(ChosenActivation("relu")(torch.randn(1, 10)).shape)
