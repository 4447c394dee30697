"""Models whose graphs are in the README, traced into a folder: a residual network and a transformer.

python .ci/graph_models.py FOLDER
"""

import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    def __init__(self, width: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = nn.Conv2d(width, out, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResidualNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 7, 2, padding=3, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        self.stage1 = Residual(32, 32)
        self.stage2 = Residual(32, 64, stride=2)
        self.head = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stage2(self.stage1(self.pool(self.stem(image))))
        return self.head(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.mix = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down, self.heads = nn.Linear(width, 4 * width), nn.Linear(4 * width, width), heads

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.norm1(x)
        parts = (self.query, self.key, self.value)
        q, k, v = (part(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        weights = torch.softmax(q @ k.transpose(-1, -2) / 8 + mask, -1)
        x = x + self.mix((weights @ v).transpose(1, 2).flatten(-2))
        return x + self.down(torch.nn.functional.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.blocks = nn.ModuleList(Block(64, 4) for _ in range(4))
        self.head = nn.Linear(64, 1000)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(x)


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    ids = torch.zeros(1, 16, dtype=torch.int64)
    torch.jit.trace(ResidualNet().eval(), torch.rand(1, 3, 224, 224)).save(str(folder / "residual.pt"))
    torch.jit.trace(Transformer().eval(), (ids, torch.zeros(1, 1, 16, 16))).save(str(folder / "transformer.pt"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
