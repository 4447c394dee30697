"""Models that torch.jit has trouble with: what is worked around, and what is said where it cannot be."""

import sys

import pytest
import torch
from exportdesk.core.inspection import inspect_model
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.torchscript.texts import texts_of_file
from torch import nn

from .conftest import HEAD

X = '[[inputs]]\nname = "x"\nshape = [2, 4]\n'


def test_that_torch_compile_is_left_out(desk):
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.compile(nn.Linear(4, 4))

    def forward(self, x):
        return double(self.body(x))


@torch.compile
def double(x):
    return x * 2


net = torch.compile(Net())
"""
    assert desk.recipe(source, f"net\n{X}").is_good
    assert sys.modules["torch._dynamo.config"].disable is False


def test_that_a_counter_in_a_buffer_is_no_difference_between_trace_and_model(desk):
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        self.count += 1
        return x * self.count
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    assert outcome.is_good
    assert "trace.outputs-differ" not in outcome.codes


def test_that_a_partial_that_makes_the_model_is_called(desk):
    source = "import functools\n\ndef make(n):\n    return nn.Linear(4, n)\n\nsmall = functools.partial(make, 3)\n"
    outcome = desk.recipe(source, f"small\n{X.replace('x', 'input', 1)}")
    assert outcome.is_good
    assert outcome.load()(torch.ones(1, 4)).shape == (1, 3)


def test_that_layers_in_a_plain_list_are_explained(desk):
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""
    failure = desk.recipe(source, f"Net\n{X}").failure
    assert failure["code"] == "trace.refused"
    assert "nn.ModuleList" in failure["hint"]
    assert failure["line"] is not None


def test_that_an_output_that_cannot_be_traced_is_told_without_its_numbers_at_the_forward(desk):
    source = """
class Net(nn.Module):
    def forward(self, x):
        return {"a": x, "b": [x, x]}
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    assert outcome.failure["code"] == "trace.not-tensors"
    assert "{'a': tensor(…), 'b': [tensor(…), tensor(…)]}" in outcome.failure["message"]
    assert outcome.failure["line"] == outcome.line_of("def forward")
    assert desk.recipe(source, f"Net\n{X}[torchscript]\nstrict = false\n").is_good


def test_that_a_scripted_parametrised_module_is_explained(desk):
    source = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))

    def forward(self, x):
        return self.body(x)
"""
    outcome = desk.recipe(source, f'Net\n{X}[marks]\nbody = "script"\n')
    assert outcome.failure["line"] == outcome.line_of("return self.body(x)")
    assert "mark it as trace" in outcome.failure["hint"]
    assert desk.recipe(source, f"Net\n{X}").is_good


def test_that_containers_with_methods_of_their_own_have_texts(tmp_path):
    for name, layer in {"list": nn.ModuleList([nn.Linear(2, 2)]), "sequential": nn.Sequential(nn.Linear(2, 2))}.items():
        torch.jit.script(layer).save(str(tmp_path / f"{name}.pt"))
        texts = texts_of_file(tmp_path / f"{name}.pt").texts
        assert "def __len__" in texts.code
        assert "graph(" in texts.inlined_graph


def test_that_a_file_without_forward_is_exported_by_its_methods(desk, tmp_path):
    class Coder(nn.Module):
        @torch.jit.export
        def encode(self, x, times: int):
            return x * times

    torch.jit.script(Coder()).save(str(tmp_path / "coder.pt"))
    value = '[[inputs]]\nname = "times"\nkind = "value"\nvalue = 3\n'
    failure = desk.recipe("", f'[model]\nfile = "coder.pt"\nentry = "decode"\n{X}').failure
    assert (failure["code"], failure["hint"]) == ("call.entry", "It has: encode.")
    failure = desk.recipe("", f'[model]\nfile = "coder.pt"\n{X}').failure
    assert "--value times=INT" in failure["hint"]
    for entry in ("", 'entry = "encode"\n'):
        outcome = desk.recipe("", f'[model]\nfile = "coder.pt"\n{entry}{X}{value}')
        assert [(name, status) for name, status, _ in outcome.checks if status == "passed"] == [
            ("torchscript.encode", "passed"),
            ("reloaded.encode", "passed"),
        ]


def test_that_a_file_with_nothing_to_call_is_told(desk, tmp_path):
    torch.jit.script(nn.ModuleList([nn.Linear(2, 2)])).save(str(tmp_path / "list.pt"))
    failure = desk.recipe("", f'[model]\nfile = "list.pt"\n{X}').failure
    assert failure["code"] == "model.no-forward"


def test_that_a_python_number_stays_one_in_the_file(desk):
    source = """
class Table(nn.Module):
    def forward(self, x):
        return x * torch.exp(-torch.arange(4) * 0.5) / (torch.arange(4) + 1.5)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.mix = Table(), nn.Linear(4, 4)

    def forward(self, x):
        exact = torch.arange(4) * torch.tensor(0.5, dtype=torch.float64)
        return self.mix(self.table(x) + torch.arange(4) / 2.5 - 1), exact
"""
    outcome = desk.recipe(source, f"Net\n{X}")
    assert outcome.is_good
    mixed, exact = outcome.load()(torch.ones(2, 4))
    assert (mixed.dtype, exact.dtype) == (torch.float32, torch.float64)


@pytest.mark.parametrize("name", ["net-v1.2.py", "my model (final).py", "2024_net.py", "modèle.py", "class.py"])
def test_that_a_file_that_python_could_not_import_by_name_gives_a_pt_that_loads(desk, name):
    source = HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        return x + 1\n"
    (desk.folder / name).write_text(source, encoding="utf-8")
    outcome = desk.recipe("", f'[model]\nfile = "{name}"\nentry = "Net"\n{X}')
    assert outcome.is_good, outcome.checks


def test_that_printing_a_tensor_is_no_warning(desk):
    source = """
class Net(nn.Module):
    def forward(self, x):
        print("x is", x, f"{x.mean():.3f}")
        return x + 1
"""
    assert desk.recipe(source, f"Net\n{X}").codes == []


def test_that_lazy_layers_are_inspected_before_they_have_a_size(desk):
    desk.write(
        "class Net(nn.Sequential):\n    def __init__(self):\n        "
        "super().__init__(nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Linear(2, 3))\n"
    )
    found = inspect_model(Recipe(model=Model(file="m.py", entry="Net")), desk.folder, JobContext())
    assert found.parameter_count == 9
    assert [row.path for row in found.modules] == ["", "0", "1", "2"]


def test_that_a_model_that_gives_nan_is_a_warning(desk):
    source = "class Net(nn.Module):\n    def forward(self, x):\n        return (x * 0).log() * 0\n"
    assert "model.not-finite" in desk.recipe(source, f"Net\n{X}").codes
