"""Measure our conversion against a plain ``ct.convert`` script: time, memory, equal bytes. Prints JSON and a table.

And a second export of which only metadata changed, all of it, against the plain conversion alone.

Run: ``python tests/bench/convert_bench.py [--blocks 24] [--width 64 256] [--repeat 3] [--json FILE]``.
Each side runs in processes of its own, in turns, so that neither profits from the other's caches or memory.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

LENGTH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=24)
    parser.add_argument("--width", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--side", choices=("plain", "ours", "again"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side = again if arguments.side == "again" else partial(measure, arguments.side)
        print(json.dumps(side(arguments.blocks, arguments.width[0])))
        return
    rows = [compare(arguments.blocks, width, arguments.repeat) for width in arguments.width]
    text = json.dumps(rows, indent=1)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    print(text)
    print(table(rows))


def compare(blocks: int, width: int, repeat: int) -> dict[str, Any]:
    """Return the least time and the largest memory of each side, and whether the packages were equal."""
    runs: dict[str, list[dict[str, Any]]] = {"plain": [], "ours": [], "again": []}
    for _ in range(repeat):
        for side, results in runs.items():
            call = [sys.executable, __file__, "--side", side, "--blocks", str(blocks), "--width", str(width)]
            results.append(json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout))
    seconds = {side: min(run["seconds"] for run in results) for side, results in runs.items()}
    memory = {side: max(run["peak_bytes"] for run in results) for side, results in runs.items()}
    return {
        "blocks": blocks,
        "width": width,
        "seconds": seconds,
        "ratio": round(seconds["ours"] / seconds["plain"], 3),
        "metadata_ratio": round(seconds["again"] / seconds["plain"], 3),
        "peak_bytes": memory,
        "memory_ratio": round(memory["ours"] / memory["plain"], 3),
        "equal": len({run["digest"] for side in ("plain", "ours") for run in runs[side]}) == 1,
    }


def measure(side: str, blocks: int, width: int) -> dict[str, Any]:
    """Convert once, after a small conversion that pays for imports, and tell CPU seconds and peak memory."""
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    convert = {"plain": plain, "ours": ours}[side]
    convert(transformer(1, width), width)
    module = transformer(blocks, width)
    started = time.process_time()
    model = convert(module, width)
    seconds = time.process_time() - started
    return {
        "seconds": round(seconds, 4),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "digest": digest(model),
    }


def again(blocks: int, width: int) -> dict[str, Any]:
    """Export twice, the second time with another author; tell the CPU seconds of the whole second export."""
    import torch
    from exportdesk.core.job_context import JobContext
    from exportdesk.core.pipeline import run_export
    from exportdesk.core.recipe.document import parse_recipe
    from exportdesk.core.staged_files import staging_beside
    from exportdesk.core.stages.kept_export import LastExport

    torch.set_num_threads(1)
    last, seconds = LastExport(), 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = f"sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom convert_bench import encoder\n"
        (folder / "model.py").write_text(f"import sys\n{model}def net():\n    return encoder({blocks}, {width})\n")
        for author in ("one", "another"):
            shape = f"[[inputs]]\nname = 'input'\nshape = [1, {LENGTH}, {width}]\n"
            text = f"[model]\nfile = 'model.py'\nentry = 'net'\n{shape}[coreml.metadata]\nauthor = '{author}'\n"
            started = time.process_time()
            out = folder / "out"
            result = run_export(parse_recipe(text), folder, out, staging_beside(out), JobContext(), last)
            seconds = time.process_time() - started
        if "convert" not in result.kept:
            raise RuntimeError("the second export converted again")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": round(seconds, 4), "peak_bytes": peak}


def plain(module: Any, width: int) -> Any:
    import coremltools as ct

    return ct.convert(
        module,
        inputs=[ct.TensorType(name="x", shape=(1, LENGTH, width))],
        minimum_deployment_target=ct.target.iOS17,
        skip_model_load=True,
    )


def ours(module: Any, width: int) -> Any:
    from exportdesk.core.coreml.convert import convert
    from exportdesk.core.coreml.inputs import ConvertedInput
    from exportdesk.core.job_context import JobContext
    from exportdesk.core.recipe.model import CoreML

    return convert(module, [ConvertedInput("x", (1, LENGTH, width))], CoreML(), JobContext()).model


def digest(model: Any) -> str:
    """Return a hash of the specification and the weights; what we add to the metadata left out."""
    from exportdesk.core.mil.scopes import LINES_KEY, METADATA_KEY

    specification = model.get_spec()
    for key in (METADATA_KEY, LINES_KEY):
        specification.description.metadata.userDefined.pop(key, None)
    content = hashlib.sha256(specification.SerializeToString(deterministic=True))
    content.update((Path(model.weights_dir) / "weight.bin").read_bytes())
    return content.hexdigest()


def transformer(blocks: int, width: int) -> Any:
    """Return a traced encoder."""
    import torch

    return torch.jit.trace(encoder(blocks, width), torch.rand(1, LENGTH, width), check_trace=False)


def encoder(blocks: int, width: int) -> Any:
    """Return an encoder of pre-norm blocks with four heads."""
    import torch
    from torch import Tensor, nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Tensor) -> Tensor:
            batch, length, _ = x.shape
            q, k, v = self.qkv(self.first(x)).view(batch, length, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
            scores = (q @ k.transpose(-1, -2) / (width // 4) ** 0.5).softmax(-1)
            x = x + self.out((scores @ v).transpose(1, 2).reshape(batch, length, width))
            return x + self.mlp(self.second(x))

    torch.manual_seed(0)
    return nn.Sequential(*[Block() for _ in range(blocks)]).eval()


def table(rows: list[dict[str, Any]]) -> str:
    head = f"{'blocks':>6} {'width':>6} {'plain s':>9} {'ours s':>8} {'ratio':>6} {'memory':>7} {'bytes':>7} {'metadata':>9}"
    lines = [
        f"{row['blocks']:>6} {row['width']:>6} {row['seconds']['plain']:>9.2f} {row['seconds']['ours']:>8.2f} "
        f"{row['ratio']:>6.2f} {row['memory_ratio']:>7.2f} {'equal' if row['equal'] else 'DIFFER':>7} {row['metadata_ratio']:>9.3f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


if __name__ == "__main__":
    main()
