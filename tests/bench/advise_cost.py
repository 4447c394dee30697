"""What advising costs, beside one ``torch.jit.trace`` that checks itself: a transformer of 24 blocks, no culprit.

Run alone it prints both times and the ratio; ``--most 5`` makes it fail above that ratio.
"""

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
from exportdesk.core.advisor.advise import run_advise
from exportdesk.core.job_context import JobContext
from exportdesk.core.model_file.user_imports import run_file, user_imports
from exportdesk.core.recipe.model import Input, Model, Recipe

MODEL = """
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5).softmax(-1)
        x = x + self.out((scores @ v).transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, width: int = 128, heads: int = 4, blocks: int = 24) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=float, help="fail where advising costs more than this many traces")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "transformer.py"
        file.write_text(MODEL)
        recipe = Recipe(model=Model(file=str(file), entry="Transformer"), inputs=(Input(name="x", shape=(1, 64, 128)),))
        with user_imports(file):
            model = run_file(file).Transformer().eval()
        traces, advices = [], []
        for _ in range(options.turns):
            started = time.perf_counter()
            torch.jit.trace(model, torch.randn(1, 64, 128), check_trace=True)
            traces.append(time.perf_counter() - started)
            started = time.perf_counter()
            advice = run_advise(recipe, Path(folder), JobContext())
            advices.append(time.perf_counter() - started)
            assert advice.is_verified
            assert advice.marks == {}
    trace, advise = sorted(traces)[len(traces) // 2], sorted(advices)[len(advices) // 2]
    print(f"trace with its check {trace:.2f} s, advise {advise:.2f} s: {advise / trace:.2f} times as long")
    return 0 if options.most is None or advise <= options.most * trace else 1


if __name__ == "__main__":
    sys.exit(main())
