"""A scripted file that says what inputs it was made with has shapes as a trace has."""

import json

import msgspec
import pytest
import torch
from exportdesk.core.cli.app import run
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.torchscript.recorded_inputs import RECORD, record_of, recorded_calls
from exportdesk.core.torchscript.script_file import save_compiled
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Decides(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(4, 5, batch_first=True)

    def forward(self, rows: tuple[Tensor, Tensor], named: dict[str, Tensor]) -> Tensor:
        one, other = rows
        if one.dim() == 2:
            one = one.unsqueeze(0)
        answer, _hidden = self.recurrent(torch.cat([one, other], 1))
        for _turn in range(int(named["turns"].sum())):
            answer = answer + 1
        return answer[:, -1].reshape(one.size(0) * 5)


@pytest.fixture
def file(tmp_path):
    rows = (torch.ones(3, 2, 4), torch.ones(3, 6, 4))
    call = Arguments(positional=(rows, {"turns": torch.tensor([1, 4])}), keyword={})
    path = tmp_path / "decides.pt"
    save_compiled(torch.jit.script(Decides()), path, {"forward": call})
    return path


def test_that_a_scripted_file_has_shapes_through_containers_branches_and_loops(file, capsys):
    assert run(["graph", str(file), "--json", "--no-layout"]) == 0
    answer = json.loads(capsys.readouterr().out)
    shapes = {node["op"]: node["shape"] for node in answer["nodes"]}
    assert shapes["aten::cat"] == [3, 8, 4]
    assert shapes["prim::Return"] == [3, 8, 5]
    assert shapes["output"] == [15]
    assert any(edge["shape"] == [3, 8, 5] and edge["dtype"] == "float32" for edge in answer["edges"])


def test_that_the_file_still_runs_where_nobody_knows_of_the_record(file):
    loaded = torch.jit.load(str(file))
    assert loaded((torch.ones(1, 2, 4), torch.ones(1, 2, 4)), {"turns": torch.tensor([0])}).shape == (5,)


def test_that_whole_numbers_are_recorded_with_their_range_and_no_value_is_kept(file):
    extra = {RECORD: ""}
    torch.jit.load(str(file), _extra_files=extra)
    turns = recorded_calls(extra[RECORD])["forward"].positional[1].items[0]
    assert (turns.name, turns.shape, turns.dtype, turns.low, turns.high) == ("turns", (2,), "int64", 1, 5)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"forward": {"positional": [{"shape": [-1]}]}}', '{"forward": 3}'])
def test_that_a_record_that_is_damaged_says_nothing(text):
    assert recorded_calls(text) == {}


def test_that_an_argument_without_a_description_is_not_half_recorded():
    assert record_of({"forward": Arguments(positional=(torch.ones(1), object()), keyword={})}) == {}
    known = record_of({"forward": Arguments(positional=(None, 2), keyword={"scale": 0.5})})
    assert [item["kind"] for item in msgspec.json.decode(known[RECORD])["forward"]["positional"]] == ["value", "value"]


def test_that_a_graph_that_doubles_a_list_or_squares_a_number_takes_no_memory(tmp_path):
    class Grows(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            many, large = [1, 2], 3
            many = (many + many) * 1000000000
            large = large * large
            for _ in range(2):
                large = large * large * large * large * large * large * large * large * large * large * large
            return x + len(many) + large

    path = tmp_path / "grows.pt"
    torch.jit.save(torch.jit.script(Grows()), str(path))
    assert "output" in graph_of_file(path).nodes.label
