"""The check of a trace: cheap where two runs of the model are alike, a second trace with the line where they are not."""

import pytest
import torch
from exportdesk.core.torchscript.repeated_run import logged

X = '[[inputs]]\nname = "x"\nshape = [2, 3]\n'

UNLIKE_EACH_TIME = {
    "counts its calls": """
class Net(nn.Module):
    calls = 0
    def forward(self, x):
        self.calls += 1
        return x * self.calls
""",
    "keeps what it computed at first": """
class Net(nn.Module):
    kept = None
    def forward(self, x):
        if self.kept is None:
            self.kept = x.exp()
        return x + self.kept
""",
    "draws a number in Python": """
import random
class Net(nn.Module):
    def forward(self, x):
        return x + 1e-9 * random.random()
""",
    "draws a constant in numpy": """
import numpy
class Net(nn.Module):
    def forward(self, x):
        return x + torch.from_numpy(numpy.random.rand(3).astype("float32"))
""",
}


@pytest.mark.parametrize("source", UNLIKE_EACH_TIME.values(), ids=UNLIKE_EACH_TIME.keys())
def test_that_a_model_that_is_not_the_same_each_time_is_told_with_its_line(desk, source):
    outcome = desk.recipe(source, f"Net\n{X}")
    found = outcome.found("trace.not-repeatable")
    assert found.file == str(desk.folder / "m.py")
    assert found.line is not None


TRACES = """
traces = 0
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
    def forward(self, x):
        global traces
        traces += torch.jit.is_tracing()
        with open(__file__ + ".traces", "w") as file:
            file.write(str(traces))
        return self.norm(x).relu(){more}
"""


@pytest.mark.parametrize(
    ("more", "text", "count"),
    [
        ("", "", 1),
        (" + torch.rand(3)", "", 2),
        ("", '[[torchscript.check_inputs]]\n[[torchscript.check_inputs.inputs]]\nname = "x"\nshape = [4, 3]\n', 3),
    ],
    ids=["repeatable", "random", "further input"],
)
def test_that_only_what_needs_it_is_traced_again(desk, more, text, count):
    outcome = desk.recipe(TRACES.format(more=more), f"Net\n{X}{text}[checks]\nprobes = 1\n")
    assert outcome.failure is None
    assert (desk.folder / "m.py.traces").read_text() == str(count)


def test_that_the_check_leaves_buffers_as_they_were(desk):
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
    def forward(self, x):
        self.seen += 1
        return x + self.seen
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    assert outcome.failure is None
    assert outcome.load().seen.item() == 0


def test_that_a_log_tells_python_values_and_shapes_apart():
    x, y = torch.ones(2, 3), torch.ones(3)

    def calls(run):
        return logged(run)[0]

    assert calls(lambda: x * 2) == calls(lambda: x * 2)
    assert calls(lambda: x * float("nan")) == calls(lambda: x * float("nan"))
    assert calls(lambda: x * 2) != calls(lambda: x * 2.0)
    assert calls(lambda: x + y) != calls(lambda: x + x)
    assert calls(lambda: x.shape) != calls(lambda: x.dtype)
    assert calls(lambda: x[:, 1:]) != calls(lambda: x[:, 2:])
    assert calls(lambda: torch.sum(x, dim=0)) != calls(lambda: torch.sum(x, dim=1))
