"""Differences of two graphs."""

import pytest
import torch
from exportdesk.core.graph.diff import diff_graphs, merged, plain_name
from exportdesk.core.graph.layout import LayoutEngine
from exportdesk.core.graph.torchscript import graph_of_module
from torch import nn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def traced(*layers):
    return graph_of_module(torch.jit.trace(nn.Sequential(*layers), torch.ones(1, 3, 8, 8)), "net")


def changes(before, after):
    diff = diff_graphs(before, after)
    return (
        [before.nodes.label[node] for node in diff.removed.array],
        [after.nodes.label[node] for node in diff.added.array],
        [change for change in diff.changes if change],
    )


def test_that_a_graph_equals_itself():
    graph = traced(nn.Conv2d(3, 3, 1), nn.ReLU())
    assert diff_graphs(graph, graph).is_empty


def test_that_a_changed_constant_is_named():
    removed, added, changed = changes(
        traced(nn.Conv2d(3, 3, 3, padding=1)), traced(nn.Conv2d(3, 3, 3, padding=1, dilation=1, stride=2))
    )
    assert (removed, added) == ([], [])
    assert any("stride [1, 1] → [2, 2]" in change for change in changed)
    assert any("shape: 1×3×8×8 → 1×3×4×4" in change for change in changed)


def test_that_an_added_operation_moves_nothing_else():
    before, after = traced(nn.ReLU(), nn.Sigmoid()), traced(nn.ReLU(), nn.Sequential(nn.Sigmoid(), nn.Tanh()))
    removed, added, changed = changes(before, after)
    assert removed == ["sigmoid"] or removed == []
    assert "tanh" in added
    assert changed == []


def test_that_the_merged_graph_shows_what_was_removed_beside_what_stayed():
    before, after = traced(nn.ReLU(), nn.Sigmoid(), nn.Tanh()), traced(nn.ReLU(), nn.Sigmoid())
    graph, states = merged(before, after, diff_graphs(before, after))
    assert [graph.nodes.label[node] for node, state in enumerate(states) if state == "removed"] == ["tanh"]
    assert len(states) == len(graph.nodes)
    LayoutEngine(graph).layout(())


def test_that_traced_and_scripted_forms_of_a_model_match():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return torch.relu(self.conv(x))

    net = Net()
    before, after = (
        graph_of_module(torch.jit.trace(net, torch.ones(1, 3, 8, 8)), "t"),
        graph_of_module(torch.jit.script(net), "s"),
    )
    diff = diff_graphs(before, after)
    assert not len(diff.added)
    assert not len(diff.removed)


@pytest.mark.parametrize(
    ("torch_name", "mil_name"),
    [
        ("aten::_convolution", "conv"),
        ("aten::max_pool2d", "max_pool"),
        ("aten::relu_", "relu"),
        ("aten::mean", "reduce_mean"),
        ("prim::If", "cond"),
    ],
)
def test_that_torch_and_mil_names_of_one_operation_agree(torch_name, mil_name):
    assert plain_name(torch_name) == plain_name(mil_name)
