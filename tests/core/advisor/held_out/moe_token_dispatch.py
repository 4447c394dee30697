# run: MoELayer --input hidden=2,3,8
# expect: impossible: <model>
# note: with 6 tokens on 8 experts, some expert is never hit by the sample: the trace drops it
import torch
from torch import nn


class MoELayer(nn.Module):
    def __init__(self, dim: int = 8, experts: int = 8, k: int = 1):
        super().__init__()
        self.gate = nn.Linear(dim, experts, bias=False)
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(dim, 16), nn.SiLU(), nn.Linear(16, dim)) for _ in range(experts)]
        )
        self.k = k

    def forward(self, hidden):
        shape = hidden.shape
        flat = hidden.reshape(-1, shape[-1])
        weights, chosen = torch.topk(self.gate(flat).softmax(-1), self.k)
        out = torch.zeros_like(flat)
        for i, expert in enumerate(self.experts):
            rows, slot = torch.where(chosen == i)
            if rows.numel() == 0:
                continue
            out[rows] += weights[rows, slot, None] * expert(flat[rows])
        return out.reshape(shape)
