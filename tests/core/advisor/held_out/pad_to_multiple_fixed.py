# run: PadNet --input x=1,3,30,30
# expect: none
import torch
import torch.nn as nn
import torch.nn.functional as F


class InputPadder(nn.Module):
    def __init__(self, multiple: int = 8):
        super().__init__()
        self.multiple = multiple

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, w = x.shape[-2], x.shape[-1]
        ph, pw = -h % self.multiple, -w % self.multiple
        if ph > 0 or pw > 0:
            x = F.pad(x, [0, pw, 0, ph])
        return x


class PadNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = InputPadder()
        self.down = nn.Conv2d(3, 8, 8, stride=8)
        self.up = nn.ConvTranspose2d(8, 1, 8, stride=8)

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.up(self.down(self.pad(x)))
        return y[..., :h, :w]
