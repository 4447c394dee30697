"""Signatures of research code that torch's script compiler does not take by itself."""

import shutil

import pytest
import torch
from exportdesk.core.torchscript.script_signatures import signatures_completed
from torch.jit import _recursive, _script, frontend

X = '[[inputs]]\nname = "x"\nshape = [2, 4]\n'
MASK = '[[inputs]]\nname = "mask"\nshape = [2, 4]\n'
SCRIPT = '[marks]\n"" = "script"\n'


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ("x, times=3, scale=2.0, flag=False, name='a'", "x * times * scale if flag else x"),
        ("x, mask=None", "x if mask is None else x * mask"),
        ("x, *, mask=None, scale=2.0", "x * scale if mask is None else x * mask"),
        ("x, *args, **kwargs", "x + 1"),
        ("x, mask=None, *args, scale=2.0, **kwargs", "x * scale"),
    ],
)
def test_that_a_signature_without_annotations_is_scripted_and_saved(desk, arguments, body):
    source = f"class Net(nn.Module):\n    def forward(self, {arguments}):\n        return {body}\n"
    for inputs in [X, X + MASK] if "mask" in arguments else [X]:
        shutil.rmtree(desk.folder / "out", ignore_errors=True)
        outcome = desk.recipe(source, f"Net\n{inputs}{SCRIPT}")
        assert outcome.is_good, outcome.failure


def test_that_an_argument_used_as_a_tensor_is_one_though_its_default_is_none(desk):
    source = "class Net(nn.Module):\n    def forward(self, x, mask=None):\n        return x * mask\n"
    outcome = desk.recipe(source, f"Net\n{X}{MASK}{SCRIPT}")
    assert outcome.is_good, outcome.failure


def test_that_arguments_that_the_body_uses_are_still_refused(desk):
    source = "class Net(nn.Module):\n    def forward(self, x, **kwargs):\n        return x * kwargs.get('a', 2.0)\n"
    failure = desk.recipe(source, f"Net\n{X}{SCRIPT}").failure
    assert failure["code"] == "script.refused"
    assert "**kwargs" in failure["message"]


def test_that_a_scripted_function_keeps_its_defaults_in_the_file(desk):
    source = """
def scaled(x, low: float = float("-inf"), by: List[int] = (1, 2), name: str = "a'b", y: Optional[Tensor] = None):
    if x.sum() > 1e9:
        x = -x
    return x.clamp(min=low) * by[1] + len(name)
"""
    outcome = desk.recipe(source, f"scaled\n{X}{SCRIPT}")
    assert outcome.is_good, (outcome.failure, outcome.checks)
    assert torch.equal(outcome.load()(torch.ones(1)), torch.full((1,), 5.0))


def test_that_the_compilers_functions_are_put_back():
    before = frontend.build_def, _recursive.get_default_args, _script.get_default_args
    with signatures_completed(none_is_optional=True):
        assert frontend.build_def is not before[0]
    assert (frontend.build_def, _recursive.get_default_args, _script.get_default_args) == before
    assert before[1] is before[2] is frontend.get_default_args
