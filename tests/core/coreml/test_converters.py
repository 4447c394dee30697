"""Each translation of ours gives torch's numbers, through the reference executor."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.converters.supply import supplied_converters, supplied_names
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")

X, Y = torch.randn(3, 4), torch.randn(3, 4)
IMAGE = torch.rand(1, 2, 7, 5)
SMALL = torch.rand(3, 4) * 0.8 + 0.1
INTEGERS = torch.tensor([[3, -2, 7], [0, 5, -9]])

CASES: dict[str, tuple[Callable[..., Any], tuple[Tensor, ...]]] = {
    "new_ones": (lambda x: x + x.new_ones(3, 4), (X,)),
    "new_ones of another type": (lambda x: x + x.new_ones((4,), dtype=torch.int32), (X,)),
    "new_ones of no dimensions": (lambda x: x + x.new_ones(()), (X,)),
    "diff": (lambda x: torch.diff(x), (X,)),
    "diff of an axis, twice": (lambda x: torch.diff(x, n=2, dim=0), (X,)),
    "diff with ends": (lambda x, y: torch.diff(x, prepend=y, append=y), (X, Y)),
    "diff of integers": (lambda x: torch.diff(x), (INTEGERS,)),
    "bicubic": (lambda x: F.interpolate(x, size=(11, 9), mode="bicubic", align_corners=False), (IMAGE,)),
    "bicubic, corners": (lambda x: F.interpolate(x, size=(4, 12), mode="bicubic", align_corners=True), (IMAGE,)),
    "bicubic by a factor": (lambda x: F.interpolate(x, scale_factor=1.7, mode="bicubic"), (IMAGE,)),
    "bicubic, antialiased": (lambda x: F.interpolate(x, size=(3, 4), mode="bicubic", antialias=True), (IMAGE,)),
    "bilinear, antialiased": (lambda x: F.interpolate(x, size=(3, 4), mode="bilinear", antialias=True), (IMAGE,)),
    "log_sigmoid": (lambda x: F.logsigmoid(x * 30), (X,)),
    "logaddexp": (lambda x, y: torch.logaddexp(x * 40, y * 40), (X, Y)),
    "logaddexp2": (lambda x, y: torch.logaddexp2(x, y), (X, Y)),
    "logit": (lambda x: torch.logit(x), (SMALL,)),
    "logit with eps": (lambda x: torch.logit(x, eps=0.3), (SMALL,)),
    "xlogy": (lambda x, y: torch.xlogy(F.relu(x), y.abs()), (X, Y)),
    "addcmul": (lambda x, y: torch.addcmul(x, x, y, value=0.5), (X, Y)),
    "addcdiv": (lambda x, y: torch.addcdiv(x, x, y.abs() + 1, value=2), (X, Y)),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.3), (X, Y)),
    "lerp of tensors": (lambda x, y: torch.lerp(x, y, y), (X, Y)),
    "trunc": (lambda x: torch.trunc(x * 3), (X,)),
    "frac": (lambda x: torch.frac(x * 3), (X,)),
    "fmod": (lambda x, y: torch.fmod(x * 5, y.abs() + 1), (X, Y)),
    "fmod of integers": (lambda x: torch.fmod(x, 4), (INTEGERS,)),
    "hypot": (lambda x, y: torch.hypot(x, y), (X, Y)),
    "erfc": (lambda x: torch.erfc(x), (X,)),
    "sinc": (lambda x: torch.sinc(x * torch.tensor([0.0, 1.0, 2.0, 3.0])), (X,)),
    "celu": (lambda x: F.celu(x, alpha=0.7), (X,)),
    "hardshrink": (lambda x: F.hardshrink(x), (X,)),
    "softshrink": (lambda x: F.softshrink(x, 0.4), (X,)),
    "deg2rad": (lambda x: torch.deg2rad(x), (X,)),
    "rad2deg": (lambda x: torch.rad2deg(x), (X,)),
    "expm1": (lambda x: torch.special.expm1(x), (X,)),
    "sgn": (lambda x: torch.sgn(x), (X,)),
    "heaviside": (lambda x, y: torch.heaviside(torch.round(x), y), (X, Y)),
    "copysign": (lambda x, y: torch.copysign(x, y), (X, Y)),
    "float_power": (lambda x: torch.float_power(x.abs(), 1.5).float(), (X,)),
    "isfinite": (lambda x: torch.isfinite(x / torch.tensor([0.0, 1.0, 2.0, 3.0])).float(), (X,)),
    "isinf": (lambda x: torch.isinf(x / torch.tensor([0.0, 1.0, 2.0, 3.0])).float(), (X,)),
    "isclose": (lambda x, y: torch.isclose(x, y, atol=0.5).float(), (X, Y)),
    "bitwise_or": (lambda x, y: ((x > 0) | (y > 0)).float(), (X, Y)),
    "bitwise_xor": (lambda x, y: ((x > 0) ^ (y > 0)).float(), (X, Y)),
    "aliases": (lambda x, y: torch.multiply(torch.subtract(x, y), torch.absolute(y)).swapaxes(0, 1), (X, Y)),
    "movedim": (lambda x: torch.movedim(x, (0, 1), (3, 2)), (IMAGE,)),
    "ravel": (lambda x: torch.ravel(x), (X,)),
    "view_as": (lambda x, y: x.view_as(y), (X, torch.rand(4, 3))),
    "unfold": (lambda x: x.unfold(1, 2, 1), (X,)),
    "unfold with a step": (lambda x: x.unfold(2, 3, 2), (IMAGE,)),
    "rot90": (lambda x: torch.cat([torch.rot90(x, k, (0, 1)).flatten() for k in range(4)]), (X,)),
    "take_along_dim": (lambda x: torch.take_along_dim(x, torch.tensor([[0, 2, 1]]), dim=1), (torch.rand(1, 4),)),
    "take": (lambda x: torch.take(x, torch.tensor([0, 5, 11])), (X,)),
    "index_fill": (lambda x: torch.index_fill(x, 1, torch.tensor([0, 2]), 9.0), (X,)),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 3), (torch.rand(1, 6, 2, 2),)),
    "tril_indices": (lambda x: x.sum() + torch.tril_indices(3, 3)[0], (X,)),
    "diag_embed": (lambda x: torch.diag_embed(x), (X,)),
    "var_mean": (lambda x: torch.var_mean(x, dim=1), (X,)),
    "std_mean": (lambda x: torch.std_mean(x, dim=0, keepdim=True), (X,)),
    "prod": (lambda x: x.prod(dim=1), (X,)),
    "prod of all": (lambda x: x.prod() + x, (X,)),
    "aminmax": (lambda x: torch.aminmax(x, dim=1), (X,)),
    "nansum": (lambda x: torch.nansum(torch.where(x > 0, x, float("nan")), dim=1), (X,)),
    "count_nonzero": (lambda x: torch.count_nonzero(F.relu(x), dim=1), (X,)),
    "dist": (lambda x, y: torch.dist(x, y) + x, (X, Y)),
    "pairwise_distance": (lambda x, y: F.pairwise_distance(x, y), (X, Y)),
    "cdist": (lambda x, y: torch.cdist(x, y), (X, torch.rand(5, 4))),
    "cdist, p = 1": (lambda x, y: torch.cdist(x, y, p=1.0), (X, torch.rand(5, 4))),
    "dot": (lambda x, y: torch.dot(x, y) + x, (torch.rand(4), torch.rand(4))),
    "inner": (lambda x, y: torch.inner(x, y), (X, Y)),
    "outer": (lambda x, y: torch.ger(x, y), (torch.rand(4), torch.rand(3))),
    "tensordot": (lambda x, y: torch.tensordot(x, y, dims=([0], [0])), (X, Y)),
    "bilinear": (nn.Bilinear(4, 4, 2), (X, Y)),
    "kron": (lambda x, y: torch.kron(x, y), (X, Y)),
    "addmv": (lambda x, y: torch.addmv(y[:, 0], x, y[0], alpha=2), (X, Y)),
    "rnn cell": (nn.RNNCell(4, 4), (X, Y)),
    "gru cell": (nn.GRUCell(4, 4), (X, Y)),
    "lstm cell": (nn.LSTMCell(4, 5), (X,)),
    "bidirectional rnn": (nn.RNN(4, 5, num_layers=2, bidirectional=True, batch_first=True), (torch.rand(2, 6, 4),)),
    "bidirectional rnn, relu": (
        nn.RNN(4, 3, nonlinearity="relu", bidirectional=True, bias=False),
        (IMAGE[0, :, :, :4],),
    ),
    "rnn of one direction": (nn.RNN(4, 5, batch_first=True), (torch.rand(2, 6, 4),)),
    "clamp_min of integers": (lambda x: torch.clamp_min(x.float(), 1), (INTEGERS,)),
    "max_pool2d of one image": (lambda x: F.max_pool2d(x, 2), (IMAGE[0],)),
}


class Called(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *arguments: Tensor) -> Any:
        return self.function(*arguments)


@pytest.mark.parametrize("case", CASES)
def test_that_the_converted_operation_gives_torchs_numbers(case: str, tmp_path: Path) -> None:
    function, arguments = CASES[case]
    check_numbers(Called(function).eval(), arguments, tmp_path)


def check_numbers(module: nn.Module, arguments: tuple[Tensor, ...], folder: Path) -> None:
    """Trace, convert and run a module, and compare with eager."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.jit.trace(module, arguments, check_trace=False)
        expected = flat(module(*arguments))
    names = [f"x{position}" for position in range(len(arguments))]
    inputs = [
        ConvertedInput(name, tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for name, value in zip(names, arguments, strict=True)
    ]
    package = convert(compiled, inputs, CoreML(precision="float32"), JobContext()).save(folder / "model.mlpackage")
    answers = ReferenceModel(package).predict(dict(zip(names, (value.numpy() for value in arguments), strict=True)))
    assert len(answers) == len(expected)
    for answer, value in zip(answers.values(), expected, strict=True):
        np.testing.assert_allclose(answer, value.numpy(), rtol=2e-5, atol=2e-5)


def flat(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else [leaf for item in value for leaf in flat(item)]


def test_that_coremltools_keeps_its_own_translations_and_is_left_as_it_was() -> None:
    from coremltools.converters.mil.frontend.torch.torch_op_registry import _TORCH_OPS_REGISTRY as registry

    before = dict(registry.name_to_func_mapping)
    with supplied_converters():
        assert registry.get_func("diff") is not None
        assert registry.get_func("relu") is before["relu"]
    assert registry.name_to_func_mapping == before


def test_that_an_operation_that_coremltools_gained_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from coremltools.converters.mil.frontend.torch.torch_op_registry import _TORCH_OPS_REGISTRY as registry

    def own(context: object, node: object) -> None:
        raise AssertionError("not called")

    monkeypatch.setitem(registry.name_to_func_mapping, "diff", own)
    assert "diff" not in supplied_names()
    assert "new_ones" in supplied_names()
    with supplied_converters():
        assert registry.get_func("diff") is own
