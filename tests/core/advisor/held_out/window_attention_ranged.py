# run: Swin --input x=1,3,16..48=32,16..48=32
# expect: none | script: win | script: <model>
import torch
from torch import nn
import torch.nn.functional as F


class WindowAttention(nn.Module):
    def __init__(self, dim: int = 8, win: int = 4):
        super().__init__()
        self.win = win
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, H, W, C = x.shape
        w = self.win
        pad_b = (w - H % w) % w
        pad_r = (w - W % w) % w
        if pad_b > 0 or pad_r > 0:
            x = F.pad(x, (0, 0, 0, pad_r, 0, pad_b))
        Hp, Wp = x.shape[1], x.shape[2]
        x = x.view(B, Hp // w, w, Wp // w, w, C).permute(0, 1, 3, 2, 4, 5).reshape(-1, w * w, C)
        q, k, v = self.qkv(x).chunk(3, -1)
        a = (q @ k.transpose(1, 2) * C**-0.5).softmax(-1)
        x = self.proj(a @ v)
        x = x.view(B, Hp // w, Wp // w, w, w, C).permute(0, 1, 3, 2, 4, 5).reshape(B, Hp, Wp, C)
        return x[:, :H, :W].contiguous()


class Swin(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 3, stride=1, padding=1)
        self.win = WindowAttention()

    def forward(self, x):
        x = self.patch(x).permute(0, 2, 3, 1)
        return self.win(x).mean((1, 2))
