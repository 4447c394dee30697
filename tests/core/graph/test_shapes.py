"""Shapes of saved files, found again from those of their inputs."""

import pytest
import torch
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.graph.labels import ShapeOnly
from exportdesk.core.graph.shapes import ShapeRun, described
from exportdesk.core.graph.values import Constant
from torch import nn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Body(nn.Module):
    def forward(self, x):
        for _ in range(int(x.size(0))):
            x = torch.relu(x)
        if bool(x.sum() > 0):
            y = x + 1
        else:
            y = x - 1
        return y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.body, self.out = nn.Conv2d(3, 4, 3), torch.jit.script(Body()), nn.Linear(6, 2)

    def forward(self, x):
        return self.out(self.body(self.conv(x))).reshape(x.size(0), -1)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("shapes") / "net.pt"
    torch.jit.save(torch.jit.trace(Net(), torch.ones(2, 3, 8, 8)), str(path))
    return path


def test_that_every_tensor_of_a_saved_trace_has_its_shape_in_branches_and_loops_too(file):
    nodes = graph_of_file(file).nodes
    shapes = dict(zip(nodes.label, nodes.shape, strict=True))
    assert shapes["x"] == "2×3×8×8"
    assert shapes["conv2d 3→4 k3"] == shapes["relu"] == shapes["+ 1"] == shapes["either"] == "2×4×6×6"
    assert shapes["next turn, or done"] == "2×4×6×6"
    assert shapes["linear 6→2"] == "2×4×6×2"
    assert shapes["output"] == "2×48"


def test_that_reading_without_shapes_leaves_them_out(file):
    assert set(graph_of_file(file, has_shapes=False).nodes.shape) == {""}


def test_that_an_operation_that_writes_a_file_is_never_done(tmp_path):
    target = tmp_path / "written"
    weight = Constant(ShapeOnly((2,)), "w", "2", "float32")
    schema = "aten::save(t item, str filename) -> ()"
    assert ShapeRun().outputs("aten::save", schema, [weight, Constant(str(target))], 0) == []
    assert not target.exists()


def test_that_an_operation_that_fails_is_not_known():
    weight = Constant(ShapeOnly((2, 3)), "w", "2×3", "float32")
    schema = "aten::mm(Tensor self, Tensor mat2) -> Tensor"
    outputs = ShapeRun().outputs("aten::mm", schema, [weight, weight], 1)
    assert described(outputs[0]) == ("", "")
