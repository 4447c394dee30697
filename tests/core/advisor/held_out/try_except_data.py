# run: Solver --input a=3,3 --input b=3,1
# expect: impossible: <model> | none
import torch
from torch import nn


class Solver(nn.Module):
    def forward(self, a, b):
        spd = a @ a.T
        try:
            l = torch.linalg.cholesky(spd)
            return torch.cholesky_solve(b, l)
        except RuntimeError:
            return torch.linalg.pinv(spd) @ b
