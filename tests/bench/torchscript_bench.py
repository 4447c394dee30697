"""What ExportDesk adds to torch.jit.trace: seconds on 24 transformer blocks, peak memory on a model of 500 MB.

Run by itself: ``python tests/bench/torchscript_bench.py [seconds|memory]``. Each figure stands beside the plain script's,
measured in turn with it; the medians are compared. The peak is that of all processes together: command line, worker, and
the clean process that reloads the file.
"""

import gc
import json
import os
import statistics
import sys
import tempfile
import textwrap
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from process_memory import run_and_measure  # noqa: E402 - this folder is no package: it is run, not imported

TURNS = 3
BLOCKS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True, dropout=0.0) for _ in range(24)
        )

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x
"""
LARGE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(2048, 2048) for _ in range(30)))

    def forward(self, x):
        return self.layers(x)
"""
RECIPE = """
exportdesk = 1
[model]
file = "m.py"
entry = "Net"
[[inputs]]
name = "x"
shape = {shape}
[coreml]
enabled = false
"""
PLAIN = """
import sys
import warnings
warnings.simplefilter("ignore")
import torch
sys.path.insert(0, sys.argv[1])
from m import Net
model = Net().eval()
torch.jit.trace(model, torch.randn(1, 2048)).save(sys.argv[1] + "/plain.pt")
"""


def seconds() -> dict[str, float]:
    """Return seconds of torch's own trace and of all that is added to it, on 24 transformer blocks."""
    # As the worker has it; see worker_process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch
    from exportdesk.core.job_context import JobContext
    from exportdesk.core.pipeline import run_export
    from exportdesk.core.recipe.document import parse_recipe
    from exportdesk.core.torchscript.clean_process import warm_clean_process

    warnings.simplefilter("ignore")
    torch.backends.mha.set_fastpath_enabled(False)
    warm_clean_process()
    # As the worker has it, before each job.
    gc.collect()
    gc.freeze()
    own, whole, stages = [], [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m.py").write_text(BLOCKS)
        recipe = parse_recipe(RECIPE.format(shape=[1, 64, 256]))
        namespace: dict[str, object] = {}
        exec(compile(BLOCKS, "m.py", "exec"), namespace)
        model = namespace["Net"]().eval()  # type: ignore[operator]
        example = torch.randn(1, 64, 256)
        for turn in range(TURNS + 1):
            started = time.perf_counter()
            with torch.no_grad():
                torch.jit.trace(model, example).save(str(folder / "plain.pt"))
            plain = time.perf_counter() - started
            context = JobContext()
            run_export(recipe, folder, folder / "out", folder / f"staging{turn}", context)
            if turn:  # the first turn warms both
                own.append(plain)
                whole.append(sum(context.seconds.values()) - context.seconds["load"])
                stages = context.seconds
    added = statistics.median(a - b for a, b in zip(whole, own, strict=True))
    return {
        "own": statistics.median(own),
        "whole": statistics.median(whole),
        "added share": added / statistics.median(own),
        **{f"stage {name}": value for name, value in stages.items()},
    }


def memory() -> dict[str, float]:
    """Return peak megabytes of a plain script and of an export of a model of 500 MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m.py").write_text(LARGE)
        (folder / "r.toml").write_text(RECIPE.format(shape=[1, 2048]))
        (folder / "plain.py").write_text(textwrap.dedent(PLAIN))
        plain = run_and_measure([sys.executable, str(folder / "plain.py"), name], samples_memory=True)
        command = [sys.executable, "-P", "-c", "from exportdesk.core.cli import main; main()", "export"]
        ours = run_and_measure([*command, str(folder / "r.toml"), "--out", str(folder / "out")], samples_memory=True)
    return {
        "plain MB": plain.total_bytes / 1e6,
        "export MB, all processes": ours.total_bytes / 1e6,
        "ratio, all processes": ours.total_bytes / plain.total_bytes,
    }


if __name__ == "__main__":
    which = sys.argv[1:] or ["seconds", "memory"]
    for part in which:
        found = seconds() if part == "seconds" else memory()
        print(part, json.dumps({key: round(value, 3) for key, value in found.items()}, indent=1))
