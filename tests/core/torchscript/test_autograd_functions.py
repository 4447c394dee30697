"""Custom autograd functions: what their forward does is in the trace, and the functions are as before afterwards."""

import pytest
import torch
from exportdesk.core.torchscript.autograd_functions import functions_recorded
from torch.autograd import function as torch_function

X = '[[inputs]]\nname = "x"\nshape = [2, 4]\n'
FUNCTIONS = """
class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, bits):
        ctx.save_for_backward(x)
        if ctx.needs_input_grad[0]:
            raise RuntimeError("no gradients here")
        n = 2 ** bits - 1
        return torch.round(x * n) / n

    @staticmethod
    def backward(ctx, g):
        return g, None


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(x, w, scale=2.0):
        return x * w * scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx, g):
        return g, g, None


class Checkpoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, run, count, *args):
        with torch.no_grad():
            return run(*args[:count])

    @staticmethod
    def backward(ctx, *grads):
        raise NotImplementedError


rounded = Rounded.apply


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.w = nn.Parameter(torch.ones(4) * 3)

    def forward(self, x):
        return BODY
"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("rounded(self.inner(x), 4)", id="kept under a name of its own"),
        pytest.param("Scaled.apply(self.inner(x), self.w)", id="with setup_context and a default"),
        pytest.param("Checkpoint.apply(self.inner, 1, x, *self.parameters())", id="a checkpoint of a method"),
    ],
)
def test_that_an_autograd_function_is_recorded_and_saved(desk, body):
    outcome = desk.recipe(FUNCTIONS.replace("BODY", body), f"Net\n{X}")
    assert outcome.is_good, outcome.failure
    assert "PythonOp" not in str(outcome.load().graph)


def test_that_gradients_are_as_before_outside_of_a_trace():
    class Reversed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return -g

    x = torch.ones(2, requires_grad=True)
    with functions_recorded():
        Reversed.apply(x).sum().backward()
    Reversed.apply(x).sum().backward()
    assert torch.equal(x.grad, torch.full((2,), -2.0))


def test_that_the_class_that_is_patched_lies_between_function_and_its_c_base():
    names = [kind.__name__ for kind in torch.autograd.Function.__mro__]
    assert names.index("_SingleLevelFunction") < names.index("_FunctionBase")
    assert "apply" not in vars(torch_function._SingleLevelFunction)
