# run: Net --input x=1,5,8
# expect: none
from typing import Optional

import torch
from torch import nn, Tensor


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor, mask: Optional[Tensor] = None, return_attn: bool = False):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        a = q @ k.mT / 8**0.5
        if mask is not None:
            a = a.masked_fill(mask == 0, float("-inf"))
        a = a.softmax(-1)
        if return_attn:
            return a @ v, a
        return a @ v
