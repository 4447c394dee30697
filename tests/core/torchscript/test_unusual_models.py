"""Models that torch.jit has trouble with: what is worked around, and what is said where it cannot be."""

import sys

import torch

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
