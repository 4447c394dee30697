"""Measure reference execution against eager torch: time in turns, memory in processes of their own. Prints a table.

Run: ``python tests/bench/executor_bench.py [--turns 15] [--threads 1] [--json FILE]``. The programs are float32.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

SIDES = ("eager", "ours")


class Convolutional(nn.Module):
    example = (1, 3, 128, 128)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for wider in (32, 64, 128, 256, 512):
            layers += [nn.Conv2d(channels, wider, 3, padding=1, stride=2), nn.BatchNorm2d(wider), nn.ReLU()]
            channels = wider
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, width: int = 384, heads: int = 6) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.project(self.first(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(nn.functional.gelu(self.up(self.second(x))))


class Transformer(nn.Sequential):
    example = (1, 64, 384)

    def __init__(self) -> None:
        super().__init__(*[Attention() for _ in range(6)])


class Recurrent(nn.Module):
    example = (50, 1, 128)

    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.layers = kind(128, 256, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)[0]


MODELS = {
    "convolutional": Convolutional,
    "transformer": Transformer,
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.simplefilter("ignore")
    if arguments.side:
        print(peak_bytes(arguments.side, arguments.files))
        return
    rows = [compare(name, arguments.turns, arguments.threads) for name in MODELS]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{'model':<14}{'eager ms':>10}{'ours ms':>10}{'ratio':>8}{'memory':>8}{'error':>10}")
    for row in rows:
        print(
            f"{row['model']:<14}{row['eager_ms']:>10.2f}{row['ours_ms']:>10.2f}{row['ratio']:>8.2f}"
            f"{row['memory_ratio']:>8.2f}{row['relative_error']:>10.1e}"
        )


def compare(name: str, turns: int, threads: int) -> dict[str, Any]:
    """Return median times of both sides, measured in turns, and the ratio of their peaks of memory."""
    from exportdesk.core.mil import ReferenceModel

    torch.manual_seed(0)
    model = MODELS[name]().eval()
    x = torch.randn(getattr(model, "example", Recurrent.example))
    with tempfile.TemporaryDirectory() as folder:
        write(model, x, Path(folder))
        reference = ReferenceModel(Path(folder) / "model.mlpackage")
        data = {"x": x.numpy()}
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        with torch.inference_mode():
            wanted, found = model(x).numpy(), reference.predict(data)["y"]
            for _ in range(turns):
                for side, run in (("eager", lambda: model(x)), ("ours", lambda: reference.predict(data))):
                    started = time.perf_counter()
                    run()
                    seconds[side].append(time.perf_counter() - started)
        memory = {side: memory_of(side, Path(folder), threads) for side in SIDES}
    median = {side: statistics.median(values) for side, values in seconds.items()}
    return {
        "model": name,
        "turns_ms": {side: [second * 1e3 for second in values] for side, values in seconds.items()},
        "eager_ms": median["eager"] * 1e3,
        "ours_ms": median["ours"] * 1e3,
        "ratio": median["ours"] / median["eager"],
        "memory_bytes": memory,
        "memory_ratio": memory["ours"] / memory["eager"],
        "relative_error": float(abs(found - wanted).max() / abs(wanted).max()),
    }


def write(model: nn.Module, x: Tensor, folder: Path) -> None:
    import coremltools as ct

    with torch.no_grad():
        traced = torch.jit.trace(model, x)
    traced.save(str(folder / "model.pt"))
    torch.save(x, folder / "x.pt")
    ct.convert(
        traced,
        inputs=[ct.TensorType(name="x", shape=x.shape)],
        outputs=[ct.TensorType(name="y")],
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
        package_dir=str(folder / "model.mlpackage"),
    )


def memory_of(side: str, folder: Path, threads: int) -> int:
    call = [sys.executable, __file__, "--side", side, "--files", str(folder), "--threads", str(threads)]
    return int(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def peak_bytes(side: str, folder: Path) -> int:
    """Run one side three times and return the most memory that this process has held beyond what imports take."""
    from exportdesk.core.mil import ReferenceModel

    x = torch.load(folder / "x.pt")
    before = held_bytes()
    with torch.inference_mode():
        if side == "eager":
            model = torch.jit.load(str(folder / "model.pt"))
            for _ in range(3):
                model(x)
        else:
            reference = ReferenceModel(folder / "model.mlpackage")
            for _ in range(3):
                reference.predict({"x": x.numpy()})
    return held_bytes() - before


def held_bytes() -> int:
    """Return the most memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent held when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
