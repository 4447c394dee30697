"""Whole models: converted by coremltools, run by the reference executor, compared with eager torch."""

from pathlib import Path
from typing import Any

import coremltools as ct
import numpy as np
import pytest
import torch
from exportdesk.core.mil import ReferenceModel

# coremltools leaves a temporary folder to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class SmallNet(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.head = torch.nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.norm(self.convolution(x))).mean((2, 3)))


class Branching(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count = 2 if x.mean().item() < 0 else 1
        for _ in range(count):
            x = torch.relu(self.body(x))
        return x


def converted(model: torch.nn.Module, example: torch.Tensor, folder: Path, **options: Any) -> Path:
    torch.manual_seed(0)
    is_scripted = options.pop("script", False)
    program = torch.jit.script(model.eval()) if is_scripted else torch.jit.trace(model.eval(), example)
    path = folder / "model.mlpackage"
    ct.convert(
        program,
        inputs=[ct.TensorType(name="x", shape=example.shape)],
        outputs=[ct.TensorType(name="y")],
        convert_to="mlprogram",
        package_dir=str(path),
        skip_model_load=True,
        **options,
    )
    return path


@pytest.mark.parametrize(("precision", "tolerance"), [("FLOAT16", 5e-3), ("FLOAT32", 1e-6)])
def test_that_a_converted_network_gives_what_torch_gives(tmp_path: Path, precision: str, tolerance: float) -> None:
    model, example = SmallNet(), torch.randn(1, 3, 16, 16)
    path = converted(model, example, tmp_path, compute_precision=ct.precision[precision])
    result = ReferenceModel(path).predict({"x": example.numpy()})["y"]
    np.testing.assert_allclose(result, model(example).detach().numpy(), atol=tolerance)


@pytest.mark.parametrize("offset", [-1.0, 1.0])
def test_that_a_branch_and_a_loop_take_the_way_that_the_input_asks_for(tmp_path: Path, offset: float) -> None:
    model, example = Branching(), torch.rand(1, 3, 8, 8) + offset
    path = converted(model, example, tmp_path, script=True, compute_precision=ct.precision.FLOAT32)
    result = ReferenceModel(path).predict({"x": example.numpy()})["y"]
    np.testing.assert_allclose(result, model(example).detach().numpy(), atol=1e-6)
