"""Whole models: converted by coremltools, run by the reference executor, compared with eager torch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import coremltools as ct
import numpy as np
import pytest
import torch
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.program import Program

from .packages import Maker

pytestmark = [
    # coremltools leaves temporary folders to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


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


@pytest.mark.parametrize("layers", [1, 2])
def test_that_a_gru_written_as_a_loop_is_run_as_the_layer_it_was(tmp_path: Path, layers: int) -> None:
    layer = torch.nn.GRU(4, 5, layers, bidirectional=True).eval()
    example = torch.randn(6, 2, 4)
    path = converted(torch.nn.Sequential(layer, First()), example, tmp_path, compute_precision=ct.precision.FLOAT32)
    model = ReferenceModel(path)
    seen: list[str] = []
    as_layer = model.predict({"x": example.numpy()})["y"]
    as_loop = model.predict({"x": example.numpy()}, observe=lambda name, array: seen.append(name))["y"]
    np.testing.assert_allclose(as_layer, layer(example)[0].detach(), atol=1e-6)
    np.testing.assert_allclose(as_loop, as_layer, atol=1e-6)
    loops = [operation for operation in model.body.operations if operation.type == "while_loop"]
    assert len(loops) == 2 * layers
    assert seen.count(loops[0].blocks[1].outputs[0]) == len(example)


def test_that_a_loop_that_is_almost_a_gru_runs_as_a_loop(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.GRU(4, 5), First())
    path = converted(network, torch.randn(6, 2, 4), tmp_path, compute_precision=ct.precision.FLOAT32)
    model = ReferenceModel(path)
    (place,) = [index for index, item in enumerate(model.body.operations) if item.type == "while_loop"]
    condition, body = model.body.operations[place].blocks
    changed = [replace(item, type="cos") if item.type == "tanh" else item for item in body.operations]
    loop = replace(model.body.operations[place], blocks=(condition, replace(body, operations=tuple(changed))))
    operations = (*model.body.operations[:place], loop, *model.body.operations[place + 1 :])
    function = replace(model.package.program.functions["main"], body=replace(model.body, operations=operations))
    other = ReferenceModel(replace(model.package, program=Program({"main": function})))
    x = {"x": np.random.default_rng(0).normal(size=(6, 2, 4)).astype(np.float32)}
    assert np.abs(other.predict(x)["y"] - model.predict(x)["y"]).max() > 0.1


class First(torch.nn.Module):
    def forward(self, x: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return x[0]


@pytest.mark.parametrize("offset", [-1.0, 1.0])
def test_that_a_branch_and_a_loop_take_the_way_that_the_input_asks_for(tmp_path: Path, offset: float) -> None:
    model, example = Branching(), torch.rand(1, 3, 8, 8) + offset
    path = converted(model, example, tmp_path, script=True, compute_precision=ct.precision.FLOAT32)
    result = ReferenceModel(path).predict({"x": example.numpy()})["y"]
    np.testing.assert_allclose(result, model(example).detach().numpy(), atol=1e-6)


@pytest.fixture(scope="module")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> ReferenceModel:
    maker = Maker({"x": ("fp32", (2, 3))})
    maker.add("relu", {"y": ("fp32", (2, 3))}, x="x")
    maker.output("y", "fp32", (2, 3))
    return ReferenceModel(maker.save(tmp_path_factory.mktemp("plain")))


@pytest.mark.parametrize("given", [None, [np.zeros((2, 3))], "x"])
def test_that_inputs_without_names_are_refused(plain_model: ReferenceModel, given: Any) -> None:
    with pytest.raises(ExportDeskError) as caught:
        plain_model.predict(given)
    assert caught.value.failure.code == "call.inputs"


def test_that_what_an_observer_raises_is_its_own(plain_model: ReferenceModel) -> None:
    def stop(name: str, array: np.ndarray[Any, Any]) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        plain_model.predict({"x": np.zeros((2, 3))}, observe=stop)
