"""Operations timed one by one in real runs, of TorchScript and of Core ML packages."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from exportdesk.core.cli.app import run
from exportdesk.core.costs.measuring import measure_times
from exportdesk.core.costs.recorded_run import RecordedRun
from exportdesk.core.errors import Cancelled, ExportDeskError
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Input
from exportdesk.core.requests import MeasureTimes
from exportdesk.core.results import TimesResult
from exportdesk.core.torchscript.script_file import save_compiled
from exportdesk.core.torchscript.torch_jit import load_graphs
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Two(NamedTuple):
    large: Tensor
    rest: list[Tensor]


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.linear(x))


class Outer(nn.Module):
    """Calls one module twice, a function, a loop, a branch on values; keeps a count and changes its input."""

    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x: Tensor, turns: int = 3) -> Two:
        x.add_(1)
        self.count.add_(1)
        for _ in range(turns):
            x = torch.tanh(x)
        x = self.inner(self.inner(x))
        if bool(self.count.sum() > 1.5):
            x = torch.sigmoid(x)
        else:
            x = nn.functional.hardtanh(x)
        return Two(x @ x.T, [x, x[x > 0]])


def saved(tmp_path: Path, module: Any, *arguments: Any) -> Path:
    path = tmp_path / "model.pt"
    calls = {"forward": Arguments(positional=arguments, keyword={})} if arguments else {}
    save_compiled(torch.jit.script(module), path, calls)
    return path


def measured(path: Path, *inputs: Input) -> TimesResult:
    return measure_times(MeasureTimes(job=1, file=str(path), inputs=inputs, folder=str(path.parent)), JobContext())


def by_operation(found: TimesResult) -> dict[str, list[Any]]:
    nodes = found.graph.nodes
    result: dict[str, list[Any]] = {}
    for identity, op in zip(nodes.id, nodes.op, strict=True):
        result.setdefault(op, []).append(found.times.get(identity))
    return result


def test_that_each_operation_that_ran_has_its_time_and_its_turns_and_the_others_have_none(tmp_path: Path) -> None:
    found = measured(saved(tmp_path, Outer(), torch.zeros(4, 8)))
    times = by_operation(found)
    assert times["aten::tanh"][0].turns == 3
    assert [time.turns for time in times["aten::linear"]] == [1, 1], "one module, called twice"
    assert times["aten::sigmoid"] == [None], "state and inputs are as they were before each run"
    assert times["aten::hardtanh"][0].turns == 1
    assert all(0 < time.seconds < 1 for rows in times.values() for time in rows if time is not None)
    assert found.runs >= 5
    shapes = dict(zip(found.graph.nodes.op, found.graph.nodes.shape, strict=True))
    assert shapes["aten::matmul"] == "4×4"
    assert shapes["aten::index"], "values decide this one, and the run told it"


def test_that_the_slow_operation_is_the_one_that_is_slow(tmp_path: Path) -> None:
    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.relu((x @ x).sum(0))

    times = by_operation(measured(saved(tmp_path, Slow(), torch.ones(300, 300))))
    assert times["aten::matmul"][0].seconds > 5 * times["aten::relu"][0].seconds


def test_that_a_file_that_says_nothing_of_its_inputs_is_run_with_those_that_are_given(tmp_path: Path) -> None:
    path = saved(tmp_path, Inner())
    with pytest.raises(ExportDeskError) as refused:
        measured(path)
    assert refused.value.failure.code == "call.input"
    found = measured(path, Input(name="x", shape=(5, 8)))
    assert by_operation(found)["aten::linear"][0].turns == 1
    assert found.graph.nodes.shape[-1] == "5×8"
    with pytest.raises(ExportDeskError) as unknown:
        measured(path, Input(name="y", shape=(5, 8)))
    assert unknown.value.failure.code == "call.unknown-input"
    with pytest.raises(ExportDeskError) as failed:
        measured(path, Input(name="x", shape=(5, 7)))
    assert failed.value.failure.code == "times.failed"


def test_that_a_trace_is_run_with_the_sizes_that_torch_keeps_of_it(tmp_path: Path) -> None:
    path = tmp_path / "trace.pt"
    torch.jit.save(torch.jit.trace(Inner(), torch.ones(2, 8)), str(path))
    assert by_operation(measured(path))["aten::relu"][0].turns == 1


def test_that_a_cancel_ends_the_run_between_two_operations(tmp_path: Path) -> None:
    class Long(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            for _ in range(1_000_000_000):
                x = x + 1
            return x

    left = iter(range(50))

    def checkpoint() -> None:
        if next(left, None) is None:
            raise Cancelled

    recorded = RecordedRun(load_graphs(saved(tmp_path, Long(), torch.ones(1))), checkpoint)
    with pytest.raises(Cancelled):
        recorded.run("forward", (torch.ones(1),), {})


def test_that_what_is_forked_neither_confuses_nor_stops_the_times(tmp_path: Path) -> None:
    class Forks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def forward(self, x: Tensor) -> Tensor:
            future = torch.jit.fork(self.inner, x)
            return self.inner(x) + torch.jit.wait(future)

    times = by_operation(measured(saved(tmp_path, Forks(), torch.ones(2, 8))))
    assert times["aten::add"][-1].turns == 1


def test_that_the_command_line_gives_seconds_and_says_what_they_are(tmp_path: Path, capsys: Any) -> None:
    path = saved(tmp_path, Inner())
    arguments = ["graph", str(path), "--times", "--input", "x=2,8"]
    assert run([*arguments, "--json", "--no-layout"]) == 0
    answer = json.loads(capsys.readouterr().out)
    seconds = {node["op"]: (node["seconds"], node["turns"]) for node in answer["nodes"]}
    assert seconds["aten::linear"][0] > 0
    assert seconds["input"] == (None, 0)
    assert answer["times"]["runs"] >= 5
    assert run(arguments) == 0
    assert "On this machine's processor, by torch" in capsys.readouterr().out
