"""The peer of an export: what a person would write to get the same files.

usage: plain_export.py OUT [MODEL.py:CLASS SHAPE [trace-only]]

Without a model, it is the example ControlFlowNet2, scripted around a traced body; any other is traced as it is.
With trace-only it prints the seconds that torch.jit.trace took, and makes no Core ML package.
"""

import sys
import time
from pathlib import Path

import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "resources" / "examples"

out = Path(sys.argv[1])
file, _, name = (sys.argv[2] if len(sys.argv) > 2 else f"{EXAMPLES}/control_flow_net_2.py:ControlFlowNet2").rpartition(
    ":"
)
shape = tuple(int(size) for size in (sys.argv[3] if len(sys.argv) > 3 else "1,3,64,64").split(","))
is_trace_only = sys.argv[4:] == ["trace-only"]
if not is_trace_only:
    import coremltools as ct

sys.path.insert(0, str(Path(file).parent))
out.mkdir(parents=True)
model = getattr(__import__(Path(file).stem), name)().eval()
example = torch.randn(shape)
if name == "ControlFlowNet2":
    model.loop_body = torch.jit.trace(model.loop_body, example)
    compiled = torch.jit.script(model)
else:
    started = time.perf_counter()
    with torch.no_grad():
        compiled = torch.jit.trace(model, example)
    print(time.perf_counter() - started)
compiled.save(str(out / f"{name}.pt"))
if not is_trace_only:
    package = ct.convert(
        compiled,
        inputs=[ct.TensorType(name="x", shape=shape)],
        minimum_deployment_target=ct.target.iOS17,
        compute_precision=ct.precision.FLOAT16,
    )
    package.save(str(out / f"{name}.mlpackage"))
