# run: Tree --input x=1,4
# expect: script: <model>, left, right, left.left, left.right, right.left, right.right
"""A tree of decisions: most of its modules are reached by other inputs than the example."""

import torch
from torch import nn


class Tree(nn.Module):
    def __init__(self, depth=3, d=4):
        super().__init__()
        self.w = nn.Linear(d, 1)
        self.left = Tree(depth - 1, d) if depth > 1 else nn.Linear(d, 2)
        self.right = Tree(depth - 1, d) if depth > 1 else nn.Linear(d, 2)

    def forward(self, x):
        if self.w(x).mean() > 0:
            return self.left(x)
        return self.right(x)
