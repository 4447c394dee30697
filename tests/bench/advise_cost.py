"""What advising costs, beside one ``torch.jit.trace`` that checks itself: a transformer of 24 blocks, no culprit.

Then how long a cancel of a job that advises takes. Run alone it prints both; ``--most 5`` makes it fail above that ratio.
"""

import argparse
import json
import queue
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
from exportdesk.core.advisor.advise import run_advise
from exportdesk.core.client import WorkerClient
from exportdesk.core.events import JobCancelled, StageStarted
from exportdesk.core.job_context import JobContext
from exportdesk.core.model_file.user_imports import run_file, user_imports
from exportdesk.core.recipe.model import Input, Model, Recipe
from exportdesk.core.requests import Advise

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


SLOW = """
import time
from torch import Tensor, nn


class Slow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        time.sleep(0.2)
        return x if x.sum() > 0 else -x
"""


def cancel_seconds(turns: int) -> list[float]:
    """Return how long it takes from a cancel in the middle of the probes to the end of the job."""
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    seconds = []
    with tempfile.TemporaryDirectory() as folder, WorkerClient(events.put) as client:
        file = Path(folder) / "slow.py"
        file.write_text(SLOW)
        recipe = Recipe(model=Model(file=str(file), entry="Slow"), inputs=(Input(name="x", shape=(1, 4)),))
        for _ in range(turns):
            job = client.next_job()
            client.submit(Advise(job=job, recipe=recipe, folder=folder))
            while True:
                event = events.get(timeout=60)
                if isinstance(event, StageStarted) and event.stage == "probe":
                    break
            started = time.perf_counter()
            client.cancel(job)
            while not isinstance(events.get(timeout=60), JobCancelled):
                pass
            seconds.append(time.perf_counter() - started)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=float, help="fail where advising costs more than this many traces")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all turns there")
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
    cancels = cancel_seconds(options.turns)
    if options.json is not None:
        options.json.write_text(json.dumps({"trace": traces, "advise": advices, "cancel": cancels}))
    trace, advise = sorted(traces)[len(traces) // 2], sorted(advices)[len(advices) // 2]
    print(f"trace with its check {trace:.2f} s, advise {advise:.2f} s: {advise / trace:.2f} times as long")
    print(f"a cancel takes {max(cancels):.2f} s at most")
    return 0 if options.most is None or advise <= options.most * trace else 1


if __name__ == "__main__":
    sys.exit(main())
