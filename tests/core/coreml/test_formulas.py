"""The formula of each operation gives torch's numbers, where it stands in a graph and in a package."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.converters.supply import is_translated
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.locating import all_nodes
from exportdesk.core.coreml.spelled_out import spell_out
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")

RANDOM = torch.Generator().manual_seed(3)
X = torch.randn(4, 6, generator=RANDOM)
Y = torch.randn(4, 6, generator=RANDOM)
IMAGE = torch.randn(1, 4, 8, 6, generator=RANDOM)
PLACES = torch.randint(0, 6, (4, 6), generator=RANDOM)
WHOLE = torch.randint(-40, 40, (3, 4), generator=RANDOM, dtype=torch.int32)
SMALL = torch.randint(1, 6, (3, 4), generator=RANDOM, dtype=torch.int32)
TABLE = torch.arange(20.0).reshape(10, 2)
EDGES = torch.tensor([-1.0, 0.0, 0.5, 2.0])
SQUARE = X[:, :4] @ X[:, :4].t() + torch.eye(4)

CASES: dict[str, tuple[Callable[..., Any], tuple[Tensor, ...]]] = {
    "sort, stable": (lambda x: torch.sort(x, dim=1, stable=True), (X,)),
    "kthvalue": (lambda x: x.kthvalue(2, 1), (X,)),
    "kthvalue, kept": (lambda x: x.kthvalue(3, 0, True), (X,)),
    "median": (lambda x: x.median(), (X,)),
    "median of an axis": (lambda x: x.median(1, keepdim=True), (X,)),
    "quantile": (lambda x: x.quantile(0.3, 1), (X,)),
    "quantiles": (lambda x: x.quantile(torch.tensor([0.1, 0.93]), 0, keepdim=True), (X,)),
    "quantile, nearest": (lambda x: x.quantile(0.4, 1, interpolation="nearest"), (X,)),
    "cummax": (lambda x: x.cummax(1), (X.round(),)),
    "cummin of integers": (lambda x: x.cummin(0), (WHOLE,)),
    "bucketize": (lambda x: torch.bucketize(x, EDGES), (X.round(),)),
    "bucketize, right": (lambda x: torch.bucketize(x, EDGES, right=True), (X.round(),)),
    "searchsorted in one row": (lambda x: torch.searchsorted(EDGES, x), (X,)),
    "searchsorted of a number": (lambda x: torch.searchsorted(x.flatten().sort()[0], 0.3), (X,)),
    "isin": (lambda x: torch.isin(x, torch.tensor([1, 4, -7])), (WHOLE,)),
    "isin, inverted": (lambda x: torch.isin(x, 3, invert=True), (WHOLE,)),
    "histc": (lambda x: torch.histc(x, 4, -2, 2), (X,)),
    "histc between the ends": (lambda x: torch.histc(x, 5), (X,)),
    "argmax of all": (lambda x: (x.argmax(), x.argmin(None, True)), (X,)),
    "added with a factor": (lambda x, y: (torch.add(x, y, alpha=3), torch.sub(x, y, alpha=0.5)), (X, Y)),
    "rsub with a factor": (lambda x, y: torch.rsub(x, y, alpha=2), (X, Y)),
    "addmm": (lambda x, y: torch.addmm(x[:, :4], x, y.t(), beta=0.5, alpha=2), (X, Y)),
    "addbmm": (lambda x, y: torch.addbmm(x[:, :4], x[None], y.t()[None]), (X, Y)),
    "round to tenths": (lambda x: x.round(decimals=1), (X,)),
    "round to tens": (lambda x: (x * 50).round(decimals=-1), (X,)),
    "fmin and fmax": (lambda x, y: (torch.fmin(x / (x > 0), y), torch.fmax(y, x / (x > 0))), (X, Y)),
    "cross": (lambda x, y: torch.linalg.cross(x[:, :3], y[:, 3:]), (X, Y)),
    "any and all of integers": (lambda x: (x.any(1), x.all(), x.all(0, keepdim=True)), (WHOLE,)),
    "softplus": (lambda x: F.softplus(x, 2.0, 1.0), (X,)),
    "prelu of features": (lambda x: F.prelu(x, torch.arange(6.0)), (X,)),
    "var and std": (lambda x: (x.var(), x.std(), x.var((0, 1), correction=2, keepdim=True)), (X,)),
    "instance_norm by known numbers": (
        lambda x: F.instance_norm(x, torch.ones(4), torch.ones(4) * 2, use_input_stats=False),
        (IMAGE,),
    ),
    "and of integers": (lambda x, y: (x & y, x & 3, x & -8, x & ~y), (WHOLE, SMALL)),
    "or and xor of integers": (lambda x, y: (x | y, x ^ y, x | 1, ~x), (WHOLE, -SMALL)),
    "shifts": (lambda x, y: (x << 1, x >> 1, x << y, x >> y), (WHOLE, SMALL)),
    "erfinv": (lambda x: torch.erfinv(torch.cat([x.tanh() * 0.999, torch.tensor([[1.0, -1, 0, 0.5, 2, 0]])])), (X,)),
    "lgamma": (lambda x: torch.lgamma(x * 3), (X,)),
    "digamma": (lambda x: torch.digamma(x * 3), (X,)),
    "asinh and acosh": (lambda x: (torch.asinh(x), torch.acosh(x.abs() + 1)), (X,)),
    "diagonals": (lambda x: (x.diagonal(), x.diagonal(-2), x[None].diagonal(1, 1, 2)), (X,)),
    "diag_embed": (lambda x: (torch.diag_embed(x, 1), torch.diag_embed(x, -2, 0, 2)), (X,)),
    "diag": (lambda x: (torch.diag(x[0], 1), torch.diag(x)), (X,)),
    "fill_diagonal": (lambda x: x.clone().fill_diagonal_(7), (X,)),
    "diagonal_scatter": (lambda x: torch.diagonal_scatter(x, torch.arange(3.0), -1), (X,)),
    "as_strided": (lambda x: x.as_strided((2, 3), (7, 1), 3), (X,)),
    "gather from fewer rows": (lambda x, i: x.gather(1, i[:2]), (X, PLACES)),
    "repeat_interleave": (lambda x: x.repeat_interleave(torch.tensor([1, 0, 3, 2]), 0), (X,)),
    "masked_scatter": (lambda x: x.masked_scatter(x > 0, torch.arange(24.0).reshape(4, 6)), (X,)),
    "combinations": (lambda x: torch.combinations(x[0], 2), (X,)),
    "negative and circular padding": (
        lambda x: (F.pad(x, (-1, 2, 0, -3)), F.pad(x, (1, 2, 3, 0), "circular"), F.pad(x, (-1, 2, 1, 1), "circular")),
        (IMAGE,),
    ),
    "embedding_bag": (lambda i: (F.embedding_bag(i, TABLE), F.embedding_bag(i, TABLE, mode="max")), (PLACES,)),
    "embedding_bag, weighted": (
        lambda i: F.embedding_bag(i, TABLE, mode="sum", per_sample_weights=i.float()),
        (PLACES,),
    ),
    "embedding_bag of unequal bags": (
        lambda i: F.embedding_bag(i.reshape(-1), TABLE, torch.tensor([0, 3, 3, 20]), padding_idx=2),
        (PLACES,),
    ),
    "nearest by a fraction": (lambda x: F.interpolate(x, scale_factor=(1.5, 0.7)), (IMAGE,)),
    "nearest-exact": (lambda x: F.interpolate(x, size=(11, 5), mode="nearest-exact"), (IMAGE,)),
    "nearest of volumes": (lambda x: F.interpolate(x[:, None], scale_factor=2), (IMAGE,)),
    "bilinear by a fraction": (lambda x: F.interpolate(x, scale_factor=(1.5, 0.7), mode="bilinear"), (IMAGE,)),
    "trilinear": (lambda x: F.interpolate(x[:, None], size=(3, 9, 5), mode="trilinear"), (IMAGE,)),
    "dilated max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1, dilation=(2, 1), ceil_mode=True), (IMAGE,)),
    "max_pool2d with places": (lambda x: F.max_pool2d(x, (3, 2), 2, 1, return_indices=True), (IMAGE,)),
    "max_unpool2d": (
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(8, 6)),
        (IMAGE,),
    ),
    "avg_pool2d with a divisor": (lambda x: F.avg_pool2d(x, 2, divisor_override=3), (IMAGE,)),
    "adaptive_avg_pool3d": (lambda x: F.adaptive_avg_pool3d(x, (2, 3, 4)), (IMAGE,)),
    "fold": (lambda x: F.fold(F.unfold(x, 3, 1, 1, 2), (8, 6), 3, padding=1, stride=2), (IMAGE,)),
    "conv_transpose with more at the end": (
        lambda x: F.conv_transpose2d(x, torch.ones(4, 2, 2, 2), torch.ones(2), 3, output_padding=(2, 1)),
        (IMAGE,),
    ),
    "einsum with dots": (lambda x, y: torch.einsum("...ij,kj->...ik", x[None], y), (X, Y)),
    "einsum without an arrow": (lambda x, y: (torch.einsum("ij,kj", x, y), torch.einsum("ii", x[:, :4])), (X, Y)),
    "einsum to a number": (lambda x, y: torch.einsum("ij,ij->", x, y), (X, Y)),
    "det and inverse": (lambda x: (torch.linalg.det(x), torch.inverse(x), torch.det(x[:2, :2])), (SQUARE,)),
    "solve and cholesky": (lambda x: (torch.linalg.solve(x, x[:, 0]), torch.linalg.cholesky(x)), (SQUARE,)),
    "torch's own compositions": (
        lambda x, y: (x.flipud(), torch.vstack([x, y]), x.tensor_split(4, 1), F.smooth_l1_loss(x, y), torch.cov(x)),
        (X, Y),
    ),
    "grouped products": (
        lambda x, y: torch._grouped_mm(
            x.bfloat16(), y.bfloat16(), offs=torch.tensor([1, 1, 4], dtype=torch.int32)
        ).float(),
        (torch.ones(4, 8), torch.arange(3.0).reshape(3, 1, 1).expand(3, 8, 8).contiguous()),
    ),
    "numbers alone": (lambda x: x[0, :5] + torch.logspace(0, 1, 5), (X,)),
    "scatter_reduce": (
        lambda x, i: tuple(
            torch.ones(4, 6).scatter_reduce(1, i, x, way, include_self=own)
            for way in ("sum", "mean", "prod", "amax", "amin")
            for own in (True, False)
        ),
        (X, PLACES),
    ),
    "scatter into more rows": (
        lambda x, i: torch.zeros(5, 6).scatter(1, i[:2, :3] * 0 + torch.arange(3), x),
        (X, PLACES),
    ),
    "index_add": (
        lambda x, i: (x.index_add(1, i[0], x, alpha=2), x.index_copy(0, torch.tensor([2]), x[:1])),
        (X, PLACES),
    ),
    "index_fill": (lambda x, i: x.index_fill(1, i[0, :2], 1.5), (X, PLACES)),
    "index_reduce": (lambda x, i: x.index_reduce(1, i[0], x, "amax"), (X, PLACES)),
    "reciprocal of small numbers": (lambda x: 1 / (x * 1e-3), (X,)),
    "rms_norm of small numbers": (lambda x: F.rms_norm(x * 1e-2, (6,), torch.arange(6.0), 1e-3), (X,)),
    "rms_norm of zeros": (lambda x: F.rms_norm(x * 0, (4, 6)), (X,)),
}
PACKED = (
    "scatter",
    "index_",
    "reciprocal",
    "rms_norm",
    "cummax",
    "embedding_bag of",
    "any and all",
    "nearest-exact",
    "max_unpool2d",
)
"""Cases that are converted, too: those of our translations, and some whose formulas coremltools reads in its own way."""


class Called(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *arguments: Tensor) -> Any:
        return self.function(*arguments)


def traced(case: str) -> tuple[Any, tuple[Tensor, ...], list[Tensor]]:
    function, arguments = CASES[case]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.jit.trace(Called(function).eval(), arguments, check_trace=False)
        return compiled, arguments, list(flat(function(*arguments)))


def flat(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    else:
        for item in value:
            yield from flat(item)


@pytest.mark.parametrize("case", CASES)
def test_that_a_formula_gives_torchs_numbers(case: str) -> None:
    compiled, arguments, expected = traced(case)
    graph = compiled.inlined_graph.copy()
    spell_out(graph, is_flexible=False)
    assert all(is_translated(node.kind()) for node in all_nodes(graph))
    graph.eraseInput(0)
    given = list(flat(torch._C._create_function_from_graph("forward", graph)(*arguments)))
    assert len(given) == len(expected)
    for one, other in zip(given, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=2e-4, atol=2e-5, check_dtype=False, equal_nan=True)


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith(PACKED)])
def test_that_a_package_gives_torchs_numbers(case: str, tmp_path: Path) -> None:
    compiled, arguments, expected = traced(case)
    names = [f"x{position}" for position in range(len(arguments))]
    inputs = [
        ConvertedInput(name, tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for name, value in zip(names, arguments, strict=True)
    ]
    package = convert(compiled, inputs, CoreML(precision="float32"), JobContext()).save(tmp_path / "m.mlpackage")
    answers = ReferenceModel(package).predict(
        {name: value.numpy() for name, value in zip(names, arguments, strict=True)}
    )
    assert len(answers) == len(expected)
    for answer, value in zip(answers.values(), expected, strict=True):
        np.testing.assert_allclose(np.reshape(answer, value.shape), value.numpy(), rtol=2e-5, atol=2e-5)


class Layers(nn.Module):
    """Layers whose weights the formulas need to know."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=3, output_padding=1)
        self.bags = nn.EmbeddingBag(10, 3)
        self.slopes = nn.PReLU(3)
        self.norm.running_mean.normal_()
        self.slopes.weight.data.normal_()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.up(self.norm(x)), self.slopes(self.bags(x[0, :, 0].abs().long()))


def test_that_weights_of_layers_are_known(tmp_path: Path) -> None:
    module = Layers().eval()
    compiled = torch.jit.trace(module, IMAGE, check_trace=False)
    package = convert(compiled, [ConvertedInput("x", (1, 4, 8, 6))], CoreML(precision="float32"), JobContext())
    answers = ReferenceModel(package.save(tmp_path / "m.mlpackage")).predict({"x": IMAGE.numpy()})
    for answer, value in zip(answers.values(), module(IMAGE), strict=True):
        np.testing.assert_allclose(answer, value.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_that_a_composition_of_unknown_operations_leaves_the_one_that_was_written() -> None:
    compiled = torch.jit.trace(Called(lambda x: torch.special.i0(x)), X, check_trace=False)
    graph = compiled.inlined_graph.copy()
    spell_out(graph, is_flexible=False)
    assert [node.kind() for node in graph.nodes()] == ["aten::special_i0"] or "aten::i0" in str(graph)


def test_that_torchs_compositions_are_not_used_where_the_app_chooses_sizes() -> None:
    compiled = torch.jit.trace(Called(lambda x: torch.cov(x)), X, check_trace=False)
    graph = compiled.inlined_graph.copy()
    spell_out(graph, is_flexible=True)
    assert "aten::cov" in str(graph)


class Rotary(nn.Module):
    """Rotates pairs of features as LLaMA's own code does, by complex numbers that a buffer holds."""

    def __init__(self) -> None:
        super().__init__()
        turn = torch.outer(torch.arange(4.0), torch.tensor([1.0, 0.1, 0.01]))
        self.register_buffer("turns", torch.polar(torch.ones_like(turn), turn))

    def forward(self, x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * self.turns).flatten(-2).type_as(x)


def short_time(x: Tensor) -> Any:
    return torch.stft(x, 16, 4, window=torch.hann_window(16), return_complex=True)


COMPLEX: dict[str, tuple[Callable[..., Any], Tensor]] = {
    "rotary": (Rotary(), X),
    "products": (lambda x: (torch.complex(x, x + 1) * torch.complex(x - 1, x) / (2 + 1j)).abs(), X),
    "powers": (lambda x: torch.view_as_real(torch.complex(x, x * 2) ** 3), X),
    "matrices": (lambda x: (torch.complex(x, x) @ torch.complex(x.t(), x.t() + 1)).imag, X),
    "conjugates": (lambda x: (torch.fft.rfft(x) * torch.fft.rfft(x).conj()).real, X),
    "parts": (lambda x: torch.view_as_real(torch.cat(torch.fft.fft(x, norm="ortho").split(2), 1)), X),
    "two axes": (lambda x: (torch.fft.fft2(x).real, torch.fft.irfft2(torch.fft.rfft2(x) * 2, s=(4, 6))), X),
    "there and back": (lambda x: torch.fft.irfft(torch.fft.rfft(x, n=8) * torch.fft.rfft(torch.arange(8.0))), X),
    "short-time spectrum": (lambda x: (short_time(x) * 0.5).abs(), torch.randn(2, 64, generator=RANDOM)),
    "short-time filter": (
        lambda x: torch.istft(short_time(x) * 0.5, 16, 4, window=torch.hann_window(16), length=60),
        torch.randn(2, 64, generator=RANDOM),
    ),
}


@pytest.mark.parametrize("case", COMPLEX)
def test_that_complex_numbers_are_computed_in_real_ones(case: str, tmp_path: Path) -> None:
    function, x = COMPLEX[case]
    module = function if isinstance(function, nn.Module) else Called(function)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.jit.trace(module.eval(), x, check_trace=False)
        expected = list(flat(module(x)))
    package = convert(compiled, [ConvertedInput("x", tuple(x.shape))], CoreML(precision="float32"), JobContext())
    answers = ReferenceModel(package.save(tmp_path / "m.mlpackage")).predict({"x": x.numpy()})
    for answer, value in zip(answers.values(), expected, strict=True):
        np.testing.assert_allclose(answer, value.numpy(), rtol=1e-4, atol=1e-4)
