"""Models that nobody had in mind: converted with the right numbers, or refused at their line with a remedy."""

from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.results import ExportResult

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
CACHE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("k", torch.zeros(2, 8, 4))
        self.register_buffer("v", torch.zeros(2, 8, 4))
        self.q = nn.Linear(4, 4)

    def forward(self, x, pos):
        self.k[:, pos] = self.q(x)
        self.v[:, :, :][:, pos] = x * 2
        found = (self.q(x) @ self.k.transpose(1, 2)).softmax(-1) @ self.v
        self.k[:, 0:1] = 0.5 * x
        return found + self.k.sum(1, keepdim=True), self.v
"""
ASSIGNED = """
class Net(nn.Module):
    def forward(self, x, i):
        y = x * 1.0
        y[:, i] = 2.0
        z = y + 1
        y[:] = 3.0
        return z, y, x
"""
NAN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("n", torch.tensor([float("nan"), 1.0, 2.0, 3.0]))

    def forward(self, x):
        return torch.where(self.n.isnan(), x, self.n)
"""
NORM = """
class Net(nn.Module):
    def forward(self, x):
        i = 0
        while x.norm() > 1 and i < 5:
            x = x * 0.5
            i += 1
        return x
"""
PACKED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.LSTM(8, 6, batch_first=True)

    def forward(self, x, n):
        p = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
        o, _ = self.l(p)
        return nn.utils.rnn.pad_packed_sequence(o, batch_first=True)[0]
"""
FUNCTION = """
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0) ** 2

    @staticmethod
    def backward(ctx, g):
        return g

class Net(nn.Module):
    def forward(self, x):
        return Square.apply(x)
"""
LARGE = """
class Net(nn.Module):
    def forward(self, x):
        return x + 5_000_000_000
"""
MIXED = """
class Net(nn.Module):
    def forward(self, d: dict):
        return d["a"] * 2 + d["b"]
"""


def given(name: str, shape: str, more: str = "") -> str:
    return f'[[inputs]]\nname = "{name}"\nshape = [{shape}]\n{more}'


X = given("x", "1, 4")
INDEX = given("i", "2", 'dtype = "int64"\nhigh = 4\n')
POSITION = given("pos", "1", 'dtype = "int64"\nhigh = 8\n')
STATES = '[coreml]\nminimum_deployment_target = "iOS18"\nstates = ["k", "v"]\n'
DICT = '[[inputs]]\nname = "d"\nkind = "dict"\nitems = [{ name = "a", shape = [1, 4] }, { name = "b", kind = "value", value = 2.0 }]\n'


def run(folder: Path, model: str, more: str) -> ExportResult:
    (folder / "net.py").write_text(HEAD + model)
    (folder / "recipe.toml").write_text(f'[model]\nfile = "net.py"\nentry = "Net"\n{more}')
    return export(folder / "recipe.toml", folder / "out")


@pytest.mark.parametrize(
    ("model", "more"),
    [
        pytest.param(CACHE, given("x", "2, 1, 4") + POSITION + STATES, id="caches written through whole slices"),
        pytest.param(ASSIGNED, X + INDEX, id="an index assigned, then all"),
        pytest.param(NAN, X, id="a buffer with NaN"),
        pytest.param(FUNCTION, X, id="an autograd function"),
        pytest.param(NORM, X + '[marks]\n"" = "script"\n', id="a scripted norm"),
    ],
)
def test_that_it_converts_with_the_models_numbers(tmp_path: Path, model: str, more: str) -> None:
    result = run(tmp_path, model, more)
    assert {check.status for check in result.checks} == {"passed"}


@pytest.mark.parametrize(
    ("model", "more", "code", "line"),
    [
        pytest.param(
            PACKED,
            given("x", "2, 4, 8") + given("n", "2", 'dtype = "int64"\nlow = 1\nhigh = 5\n'),
            "convert.packed-sequence",
            "pack_padded_sequence",
            id="packed sequences",
        ),
        pytest.param(
            LARGE,
            X.replace("4]", '4]\ndtype = "int64"'),
            "convert.int64-overflow",
            "5_000_000_000",
            id="an integer beyond 32 bits",
        ),
        pytest.param(MIXED, DICT, "convert.dict-input", None, id="a dict with a number"),
    ],
)
def test_that_it_is_refused_at_its_line(tmp_path: Path, model: str, more: str, code: str, line: str | None) -> None:
    with pytest.raises(ExportDeskError) as raised:
        run(tmp_path, model, more)
    failure = raised.value.failure
    assert failure.code == code
    assert failure.hint
    if line is not None:
        assert failure.file == str(tmp_path / "net.py")
        assert failure.line is not None
        assert line in (HEAD + model).splitlines()[failure.line - 1]
