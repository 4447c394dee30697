"""Scripted code that plain coremltools refuses, or converts to other numbers without a word."""

from pathlib import Path

import numpy as np
import pytest
import torch
from exportdesk.core.checks.outcome import lost_control_flow
from exportdesk.core.coreml.control_flow import conditions, depends_on_values, missing_control_flow
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.locating import all_nodes, locate
from exportdesk.core.coreml.source import source_of
from exportdesk.core.diagnostics import Severity
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML, CoreMLOutput
from torch import Tensor, nn

X = ConvertedInput("x", (2, 3))


class WritesInPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y.add_(1)
        return y


class WritesInALoop(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        for _ in range(3):
            y.add_(1)
        return y


class AssignsRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.zeros_like(x)
        for i in range(2):
            y[i] = x[i] * i
        return y


class WritesThroughAView(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        row = y[0]
        row.add_(10)
        return y


class WhileLoop(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.sum() < 50.0:
            x = x * 2 + 1
        return x


class Appends(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for i in range(3):
            parts.append(x * i)
        return torch.stack(parts)


class BranchInALoop(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in range(4):
            if (x * i).sum() > 3:
                y = y + i
            else:
                y = y - 1
        return y


class AsksForShapes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 2:
            raise ValueError("two dimensions, please")
        assert x.shape[1] == 3
        if x.shape[0] > 1:
            return x + x.shape[-1]
        return x - 1


class Lists(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        parts = [x, x + 1]
        y = x
        for part in parts:
            y = y + part
        known = {"a": x}
        return y + known["a"] + len(parts)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.lstm(x.unsqueeze(0))
        return y


class Chunks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 0)
        return a - b


@pytest.mark.parametrize(
    "module",
    [
        WritesInPlace(),
        WritesInALoop(),
        AssignsRows(),
        WritesThroughAView(),
        WhileLoop(),
        Appends(),
        BranchInALoop(),
        AsksForShapes(),
        Lists(),
        Recurrent(),
        Chunks(),
    ],
    ids=lambda module: type(module).__name__,
)
def test_that_a_scripted_model_keeps_its_numbers(module: nn.Module, tmp_path: Path) -> None:
    module = module.eval()
    compiled = torch.jit.script(module)
    before = str(compiled.graph)
    package = convert(compiled, [X], CoreML(precision="float32"), JobContext()).save(tmp_path / "model.mlpackage")
    model = ReferenceModel(package)
    for scale in (1.0, -1.0, 5.0):
        x = torch.rand(2, 3) * scale
        with torch.no_grad():
            expected = module(x.clone()).numpy()
        [answer] = model.predict({"x": x.numpy()}).values()
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    assert str(compiled.graph) == before


class WritesInABranch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        if x.mean() > 0:
            y.mul_(3)  # lost
        return y


def test_that_a_write_that_would_be_lost_is_refused_at_its_line() -> None:
    with pytest.raises(ExportDeskError) as raised:
        convert(torch.jit.script(WritesInABranch()), [X], CoreML(), JobContext())
    failure = raised.value.failure
    assert failure.code == "convert.lost-write"
    assert failure.line is not None
    assert "# lost" in Path(__file__).read_text().splitlines()[failure.line - 1]


class TwoBranches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            x = x + 1
        if x.mean() > 0:
            x = x * 2
        return x


@pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")
def test_that_a_branch_without_counterpart_is_told() -> None:
    scripted, traced = torch.jit.script(TwoBranches()), torch.jit.trace(TwoBranches(), torch.rand(2, 3))
    named = CoreML(outputs=(CoreMLOutput(name="y"),))
    with_both = convert(scripted, [X], named, JobContext())
    with_none = convert(traced, [X], named, JobContext())
    source = source_of(scripted, "forward", [X])
    assert missing_control_flow(source.graph, with_both.program, source) == []
    [found] = missing_control_flow(source.graph, with_none.program, source)
    assert found.code == "convert.control-flow"
    assert "Of 2 branches" in found.message
    assert "has 0;" in found.message
    assert found.source == "if x.sum() > 1:"
    assert found.severity is Severity.ERROR
    [check] = lost_control_flow([found])
    assert check.status == "failed"


class Decides(nn.Module):
    """Branches and loops, each with what decides it."""

    def forward(self, x: Tensor, n: int) -> Tensor:
        if x.shape[0] > 3:  # shape
            x = x + 1
        if x.sum() > 1:  # values
            x = x + 2
        if n > 2:  # values
            x = x + 3
        turn = 0
        while turn < x.shape[1]:  # shape
            if turn == 1:  # shape
                x = x * 2
            turn += 1
        level = x.mean()
        for _ in range(3):  # shape
            if bool(level > 0):  # values
                level = level - 1
        while bool(x.mean() < 5):  # values
            x = x + level
        if float(self.weight) > 0:  # shape
            x = x - 1
        return x

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))


def test_what_is_decided_by_values_and_what_by_shapes_or_weights() -> None:
    scripted = torch.jit.script(Decides())
    lines = Path(__file__).read_text().splitlines()
    for node in all_nodes(scripted.inlined_graph):
        if node.kind() in ("prim::If", "prim::Loop"):
            line = locate(node, scripted).line
            assert line is not None
            expected = lines[line - 1].endswith("# values")
            assert any(map(depends_on_values, conditions(node))) is expected, lines[line - 1]
