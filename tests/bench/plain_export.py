"""The peer of an export: what a person would write to get the same two files. usage: plain_export.py OUT"""

import sys
from pathlib import Path

import coremltools as ct
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "resources" / "examples"))
from control_flow_net_2 import ControlFlowNet2

out = Path(sys.argv[1])
out.mkdir(parents=True)
model = ControlFlowNet2(num_channels=3).eval()
example = torch.randn(1, 3, 64, 64)
model.loop_body = torch.jit.trace(model.loop_body, example)
scripted = torch.jit.script(model)
scripted.save(str(out / "ControlFlowNet2.pt"))
package = ct.convert(
    scripted,
    inputs=[ct.TensorType(name="x", shape=(1, 3, 64, 64))],
    minimum_deployment_target=ct.target.iOS17,
    compute_precision=ct.precision.FLOAT16,
)
package.save(str(out / "ControlFlowNet2.mlpackage"))
