"""Graphs of TorchScript: groups, control flow, places and folded constants, in memory and from a file."""

import contextlib
import itertools

import pytest
import torch
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.graph.torchscript import graph_of_module
from torch import nn

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv(x))


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()

    def forward(self, x):
        if torch.mean(x).item() < 0:
            turns = 2
        else:
            turns = 1
        for _ in range(turns):
            x = self.body(x)
        return x


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.one, self.two = nn.Linear(4, 5), nn.Linear(5, 4)

    def forward(self, x):
        y = self.relu(self.two(self.relu(self.one(x))))
        return x + y, (x, y)


def saved(tmp_path, compiled):
    path = tmp_path / "model.pt"
    torch.jit.save(compiled, str(path))
    return graph_of_file(path)


def labels(graph):
    return list(graph.nodes.label)


def producers(graph, label):
    node = labels(graph).index(label)
    pairs = zip(graph.edges.source.array.tolist(), graph.edges.target.array.tolist(), strict=True)
    return {graph.nodes.label[source] for source, target in pairs if target == node}


def test_that_each_call_of_a_module_is_a_group_of_its_own(tmp_path):
    graph = saved(tmp_path, torch.jit.trace(Twice(), torch.ones(2, 4)))
    assert sorted(graph.groups.module) == ["one", "relu", "relu", "two"]
    assert len(set(graph.groups.id)) == 4


def test_that_if_and_loop_are_boxes_with_what_they_hold(tmp_path):
    graph = saved(tmp_path, torch.jit.script(Flow()))
    kinds = dict(zip(graph.groups.id, graph.groups.kind, strict=True))
    assert sorted(kinds.values()) == ["branch", "branch", "if", "loop", "module", "module"]
    parents = dict(zip(graph.groups.module, graph.groups.parent.array.tolist(), strict=True))
    assert graph.groups.kind[parents["body"]] == "loop"
    assert {"2", "1"} <= set(labels(graph))
    assert producers(graph, "either") == {"1", "2"}
    assert graph.groups.label[list(graph.groups.kind).index("if")] == "if torch.mean(x).item() < 0"


def test_that_nodes_know_their_module_and_the_line_that_the_user_wrote(tmp_path):
    for compiled in (torch.jit.script(Flow()), torch.jit.trace(Body(), torch.ones(1, 3, 8, 8))):
        for graph in (graph_of_module(compiled, "model"), saved(tmp_path, compiled)):
            nodes = graph.nodes
            conv = next(index for index, label in enumerate(nodes.label) if label == "conv2d 3→3 k3")
            assert nodes.module[conv].endswith("conv")
            assert nodes.file[conv] == __file__
            for index in range(len(nodes)):
                assert nodes.file[index] or nodes.kind[index] in ("input", "output", "constant")


def test_that_weights_and_constants_are_told_by_the_label_and_are_no_nodes():
    graph = graph_of_module(torch.jit.trace(Body(), torch.ones(1, 3, 8, 8)), "body")
    assert labels(graph) == ["x", "conv2d 3→3 k3", "relu", "output"]
    assert list(graph.nodes.shape) == ["1×3×8×8", "1×3×8×8", "1×3×8×8", "1×3×8×8"]
    unfolded = graph_of_module(torch.jit.trace(Body(), torch.ones(1, 3, 8, 8)), "body", is_folded=False)
    assert {"prim::GetAttr", "prim::Constant", "prim::ListConstruct"} <= set(unfolded.nodes.op)


def test_that_nested_results_are_outputs_of_their_own(tmp_path):
    graph = saved(tmp_path, torch.jit.trace(Twice(), torch.ones(2, 4)))
    ends = [label for label, kind in zip(graph.nodes.label, graph.nodes.kind, strict=True) if kind == "output"]
    assert sorted(ends) == ["output[0]", "output[1][0]", "output[1][1]"]


def test_that_a_function_has_a_graph_in_memory_and_saved(tmp_path):
    def foo(x, y):
        return 2 * x + y

    traced = torch.jit.trace(foo, (torch.ones(3), torch.ones(3)))
    assert len(labels(graph_of_module(traced, "foo"))) == 5
    assert sorted(labels(saved(tmp_path, traced))) == sorted(["x", "y", "× 2", "add", "output"])


def test_that_a_reader_after_a_change_in_place_depends_on_it():
    def change(x):
        y = x * 2
        y[0].add_(1.0)
        return y + 3

    graph = graph_of_module(torch.jit.trace(change, torch.ones(3)), "change")
    assert any(label.endswith("(in place)") for label in producers(graph, "+ 3"))


def test_that_a_scripted_function_of_torch_shows_only_the_side_that_runs(tmp_path):
    class Net(nn.Module):
        def forward(self, x):
            return nn.functional.relu(x, inplace=False)

    assert labels(saved(tmp_path, torch.jit.script(Net()))) == ["x", "relu", "output"]


def test_that_ids_are_unique_and_edges_and_groups_refer_to_what_exists():
    graph = graph_of_module(torch.jit.script(Flow()), "flow")
    assert len(set(graph.nodes.id)) == len(graph.nodes)
    assert graph.edges.source.array.max() < len(graph.nodes)
    assert graph.edges.target.array.max() < len(graph.nodes)
    assert graph.nodes.group.array.max() < len(graph.groups)
    assert all(parent < group for group, parent in enumerate(graph.groups.parent.array.tolist()))


def test_that_groups_without_nodes_and_functions_of_one_operation_are_left_out():
    from exportdesk.core.graph.model import GroupKind

    builder = GraphBuilder("torchscript", "t")
    outer = builder.add_group("a", "a", kind=GroupKind.MODULE)
    inner = builder.add_group("f", "f()", kind=GroupKind.FUNCTION, parent=outer)
    builder.add_group("empty", "empty", kind=GroupKind.MODULE)
    builder.add_node("x", "aten::relu", "relu", group=inner)
    graph = builder.finish()
    assert graph.groups.id == ("a",)
    assert graph.nodes.group.array.tolist() == [0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "graph.not-torchscript"),
        (b"hello", "graph.not-torchscript"),
        (b"PK\x03\x04abc", "graph.truncated"),
        (None, "graph.truncated"),
    ],
)
def test_that_a_damaged_file_is_told_in_words(tmp_path, content, code):
    path = tmp_path / "model.pt"
    if content is None:
        torch.jit.save(torch.jit.script(Body()), str(path))
        path.write_bytes(path.read_bytes()[:3000])
    else:
        path.write_bytes(content)
    with pytest.raises(ExportDeskError) as raised:
        graph_of_file(path)
    assert raised.value.failure.code == code


def test_that_a_file_of_weights_is_told_from_a_graph(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(Body().state_dict(), path)
    with pytest.raises(ExportDeskError) as raised:
        graph_of_file(path)
    assert "without a graph" in raised.value.failure.message


def test_that_flipped_bytes_never_end_in_anything_but_a_graph_or_a_failure(tmp_path):
    path = tmp_path / "model.pt"
    torch.jit.save(torch.jit.script(Flow()), str(path))
    whole = path.read_bytes()
    # Code and pickles only: flipped weights are still weights.
    for at in range(0, len(whole), len(whole) // 25):
        path.write_bytes(whole[:at] + bytes(byte ^ 0x55 for byte in whole[at : at + 8]) + whole[at + 8 :])
        with contextlib.suppress(ExportDeskError):
            graph_of_file(path)


class Keeps(nn.Module):
    """Writes into a buffer, through a view too, and reads it again; replaces another one."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kept", torch.zeros(4, 4))
        self.register_buffer("place", torch.zeros(1, dtype=torch.long))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.kept[0] = x
        self.place = self.place + 1
        self.kept.mul_(0.5)
        return self.kept.sum(0) + self.place


def test_that_what_is_written_into_a_buffer_is_seen_to_be_read_again(tmp_path):
    torch.jit.save(torch.jit.script(Keeps()), str(tmp_path / "keeps.pt"))
    graph = graph_of_file(tmp_path / "keeps.pt")
    ops = list(graph.nodes.op)
    edges = {
        (ops[source], ops[target])
        for source, target in zip(graph.edges.source.array, graph.edges.target.array, strict=True)
    }
    chain = ["input", "aten::copy_", "aten::mul_", "aten::sum", "aten::add"]
    assert set(itertools.pairwise(chain)) <= edges
    assert "set place" in graph.nodes.label
    # Both additions have the same name: the one of the place goes into the last one.
    adds = [node for node, op in enumerate(ops) if op == "aten::add"]
    pairs = set(zip(graph.edges.source.array.tolist(), graph.edges.target.array.tolist(), strict=True))
    assert (adds[0], adds[1]) in pairs


@torch.jit.script
class Meter:
    def __init__(self, count: int):
        self.count = count

    def bump(self, by: int) -> int:
        self.count += by
        return self.count


class Meters(nn.Module):
    def forward(self, x: torch.Tensor, by: int) -> torch.Tensor:
        meter = Meter(3)
        meter.bump(by)
        return x + meter.count


def test_that_objects_have_their_own_names_and_what_a_method_changes_is_read_behind_it(tmp_path):
    torch.jit.save(torch.jit.script(Meters()), str(tmp_path / "meters.pt"))
    graph = graph_of_file(tmp_path / "meters.pt")
    labels = list(graph.nodes.label)
    assert {"Meter", "bump()", "count"} <= set(labels)
    pairs = set(zip(graph.edges.source.array.tolist(), graph.edges.target.array.tolist(), strict=True))
    assert (labels.index("bump()"), labels.index("count")) in pairs
