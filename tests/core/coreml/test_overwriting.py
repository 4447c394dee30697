"""Tensors overwritten as a whole, which coremltools refuses: copied into, filled, set to zero; states among them."""

import inspect

import numpy as np
import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

X = ConvertedInput("x", (1, 1, 3))
STATES = CoreML(minimum_deployment_target="iOS18", states=("cache",))


class Overwrites(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.zeros(1, 2, 3)
        y.copy_(x * 2)  # broadcast
        z = torch.empty_like(x)
        z.copy_(x * 3)
        w = x.clone()
        w.zero_()
        w += x
        v = x.clone()
        v.fill_(1.5)
        return y + z + w + v


class Caches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(1, 4, 3))
        self.register_buffer("other", torch.zeros(1, 4, 3))

    def forward(self, x: Tensor) -> Tensor:
        self.cache.copy_(torch.cat([self.cache[:, 1:], x], 1))
        return self.cache.sum(1)


def traced(model: nn.Module) -> torch.jit.ScriptModule:
    # Unchecked: the check runs the model again, with a state that has moved on.
    return torch.jit.trace(model, torch.rand(1, 1, 3), check_trace=False)


@pytest.mark.parametrize("compile", [traced, torch.jit.script])
def test_that_whole_tensors_can_be_overwritten(compile, tmp_path) -> None:
    model = Overwrites()
    package = convert(compile(model), [X], CoreML(precision="float32"), JobContext()).save(tmp_path / "m.mlpackage")
    x = torch.rand(1, 1, 3)
    (answer,) = ReferenceModel(package).predict({"x": x.numpy()}).values()
    np.testing.assert_allclose(answer, model(x).numpy(), rtol=1e-6)


@pytest.mark.parametrize("compile", [traced, torch.jit.script])
def test_that_a_state_can_be_copied_into(compile, tmp_path) -> None:
    package = convert(compile(Caches()), [X], STATES, JobContext()).save(tmp_path / "m.mlpackage")
    model, reference = Caches(), ReferenceModel(package)
    state = reference.make_state()
    for step in range(6):
        x = torch.full((1, 1, 3), float(step))
        (answer,) = reference.predict({"x": x.numpy()}, state=state).values()
        np.testing.assert_allclose(answer, model(x).numpy(), rtol=1e-3)


def test_that_a_state_that_is_not_used_is_told() -> None:
    options = CoreML(minimum_deployment_target="iOS18", states=("cache", "other"))
    with pytest.raises(ExportDeskError, match="neither reads nor writes its buffer 'other'") as caught:
        convert(traced(Caches()), [X], options, JobContext())
    assert caught.value.failure.code == "recipe.unused-state"


class WritesTwice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y[:, :, 0] = x[:, :, 1] * 2
        y[:, :, 2] = 1.5
        y.copy_(y + x)
        return y * 2


def test_that_what_is_written_into_a_tensor_keeps_its_line(tmp_path):
    converted = convert(traced(WritesTwice()), [X], CoreML(precision="float32"), JobContext(), staging=tmp_path)
    nodes = graph_of_file(converted.save(tmp_path / "m.mlpackage")).nodes
    operations = [node for node in range(len(nodes)) if nodes.kind[node] == "operation"]
    assert [nodes.id[node] for node in operations if not nodes.file[node]] == []
    first = inspect.getsourcelines(WritesTwice.forward)[1]
    assert {first + 2, first + 3, first + 4} <= {nodes.line[node] for node in operations}
