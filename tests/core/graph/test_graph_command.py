"""``exportdesk graph``, as a person runs it."""

import enum
import json
import os
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from exportdesk.core.cli.app import run
from torch import nn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "model.pt"
    net = nn.Sequential(nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU()), nn.Sequential(nn.Conv2d(6, 6, 1), nn.ReLU()))
    torch.jit.save(torch.jit.trace(net, torch.ones(1, 3, 8, 8)), str(path))
    return path


def test_that_json_is_the_contract_and_pictures_are_written_whole(model, tmp_path, capsys):
    svg, png = tmp_path / "g.svg", tmp_path / "g.png"
    assert run(["graph", str(model), "--json", "--svg", str(svg), "--png", str(png), "--expand", "all"]) == 0
    answer = json.loads(capsys.readouterr().out)
    for key in ("id", "op", "module", "file", "line", "group", "inputs", "outputs", "x", "y", "width", "height"):
        assert all(key in node for node in answer["nodes"]), key
    for key in ("id", "parent", "module", "kind", "x", "y", "width", "height"):
        assert all(key in group for group in answer["groups"]), key
    ids = {node["id"] for node in answer["nodes"]}
    for edge in answer["edges"]:
        assert {edge["source"], edge["target"]} <= ids
        assert len(edge["shape"]) == 4
        assert edge["dtype"] == "float32"
    assert all(node["width"] > 0 for node in answer["nodes"])
    texts = [element.text for element in ElementTree.parse(svg).iter() if element.tag.endswith("}text")]
    assert "conv2d 3→6 k3" in texts
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["nothere.pt"], 2),
        (["{model}", "--svg", "/nowhere/g.svg"], 2),
        (["{model}", "--svg", "{folder}/g.svg", "--expand", "nothere"], 2),
        (["{model}", "--svg", "{folder}/g.svg", "--expand", "depth=x"], 2),
        (["{folder}"], 2),
        (["{model}", "--input", "nothere=1,3,8,8"], 2),
    ],
)
def test_that_a_wrong_call_is_told_apart(model, tmp_path, capsys, arguments, exit_code):
    filled = [argument.format(model=model, folder=tmp_path) for argument in arguments]
    assert run(["graph", *filled, "--json"]) == exit_code
    assert "code" in json.loads(capsys.readouterr().out)["error"]
    assert not (tmp_path / "g.svg").exists()


def test_that_positions_can_be_left_out_and_a_difference_asked_for(model, capsys):
    assert run(["graph", str(model), "--json", "--no-layout", "--diff", str(model)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "x" not in answer["nodes"][0]
    assert answer["diff"]["is_equal"]
    assert len(answer["diff"]["matched"]) == len(answer["nodes"])


@pytest.mark.parametrize(
    ("name", "words"),
    [("code", "def forward"), ("graph", "graph(%self"), ("inlined_graph", "aten::"), ("module", "original_name=")],
)
def test_that_each_text_of_torchscript_is_printed(model, capfd, name, words):
    assert run(["graph", str(model), "--text", name]) == 0
    assert words in capfd.readouterr().out
    if name == "code":
        assert run(["graph", str(model), "--text", name, "--json"]) == 0
        assert words in json.loads(capfd.readouterr().out)["text"]


def test_that_a_text_that_there_is_not_is_a_wrong_call(model, capfd):
    assert run(["graph", str(model), "--text", "poem"]) == 2
    assert "inlined_graph" in capfd.readouterr().err


def test_that_a_file_without_forward_has_its_texts_too(tmp_path, capfd):
    class Net(nn.Module):
        def encode(self, x):
            return x.relu()

    net = Net()
    torch.jit.save(torch.jit.trace_module(net, {"encode": torch.ones(2)}), str(tmp_path / "m.pt"))
    assert run(["graph", str(tmp_path / "m.pt"), "--text", "code"]) == 0
    assert "def encode" in capfd.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("arguments", [["{pipe}"], ["{model}", "--diff", "{pipe}"], ["{pipe}", "--text", "code"]])
def test_that_a_pipe_is_refused_and_not_waited_for(model, tmp_path, capsys, arguments):
    pipe = tmp_path / "pipe.pt"
    os.mkfifo(pipe)
    filled = [argument.format(model=model, pipe=pipe) for argument in arguments]
    assert run(["graph", *filled, "--json", "--timeout", "60"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "call.file"


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Chooses(nn.Module):
    def __init__(self):
        super().__init__()
        self.colour = Colour.RED

    def forward(self, x: torch.Tensor, blue: bool):
        chosen = Colour.BLUE if blue else Colour.RED
        return x + 1 if chosen == self.colour else x - 1


def test_that_members_of_an_enum_are_named_where_their_class_is_not_known(tmp_path, capsys):
    path = tmp_path / "chooses.pt"
    torch.jit.save(torch.jit.script(Chooses()), str(path))
    assert run(["graph", str(path), "--json", "--no-layout"]) == 0
    labels = {node["label"] for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert {"Colour.RED", "Colour.BLUE", "+ 1", "− 1"} <= labels


class Controls(nn.Module):
    def forward(self, x):
        y = torch.cond(x.sum() > 0, lambda x: x.sin() + 1, lambda x: x.cos() * 2, (x,))
        count = torch.zeros((), dtype=torch.int64)
        _, z = torch.ops.higher_order.while_loop(
            lambda i, z: i < 3, lambda i, z: (i + 1, torch.tanh(z)), (count, y), ()
        )
        return z


@pytest.mark.filterwarnings("ignore")
def test_that_branches_and_loops_of_torch_export_are_boxes_with_all_operations_inside(tmp_path, capsys):
    path = tmp_path / "controls.pt2"
    torch.export.save(torch.export.export(Controls(), (torch.ones(3, 4),)), path)
    assert run(["graph", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    groups = {group["id"]: group for group in answer["groups"]}
    assert [group["kind"] for group in groups.values()] == ["if", "branch", "branch", "loop", "branch", "branch"]
    where = {node["op"]: groups[node["group"]]["label"] for node in answer["nodes"] if node["group"]}
    assert (where["aten::sin"], where["aten::cos"]) == ("then", "else")
    assert (where["aten::lt"], where["aten::tanh"]) == ("condition", "body")
    ops = {node["id"]: node["op"] for node in answer["nodes"]}
    edges = {(ops[edge["source"]], ops[edge["target"]]) for edge in answer["edges"]}
    assert {("input", "aten::sin"), ("aten::mul", "return"), ("aten::tanh", "return")} <= edges
