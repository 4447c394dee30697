"""The rows J1–J16 of the guides, each from the command line and from a recipe.

A row is a model, the flags and the recipe that ask for the feature, and what must hold of the result.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

X = '[[inputs]]\nname = "x"\nshape = [2, 3]\n'
IN_X = ("--input", "x=2,3")

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 4)
        self.d = nn.Dropout(0.5)

    def forward(self, x):
        return self.d(self.l(x)).relu()

    def encode(self, x, scale):
        return self.l(x) * scale

def double(x):
    return 2 * x
"""

DECIDING = """
class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 3)

    def forward(self, x, *, scale: float = 1.0, mask: Optional[Tensor] = None):
        y = self.l(x) * scale
        return y if mask is None else y * mask

class Deciding(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        if x.sum() > 0:
            return self.body(x, scale=2.0)
        return self.body(self.body(x, mask=x)) - 1

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        shared = Deciding(Body())
        self.blocks = nn.ModuleList([shared, nn.Identity(), shared])
        self.table = nn.ModuleDict({"a": Deciding(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))}) if False else None
        self.head = nn.Sequential(nn.Linear(3, 3), Deciding(Body()))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)
"""

NESTED = """
class Net(nn.Module):
    def forward(self, x, state, batch):
        a, b = state
        y = x + a + b[0] * batch["m"]
        return {"y": y, "parts": [y, a]}, y.sum(), (x > 0, x.long())
"""
NESTED_INPUTS = """
[[inputs]]
name = "state"
kind = "tuple"
items = [{ shape = [] }, { kind = "list", items = [{ shape = [2, 3] }] }]
[[inputs]]
name = "batch"
kind = "dict"
items = [{ name = "m", shape = [3], dtype = "int64" }]
[torchscript]
strict = false
"""


@dataclass(frozen=True)
class Row:
    name: str
    source: str
    entry: str
    flags: tuple[str, ...]
    recipe: str
    holds: Callable[..., None]


def is_good(outcome):
    assert outcome.is_good, (outcome.failure, outcome.checks)


def is_a_module_with_its_submodules(outcome):
    is_good(outcome)
    assert [name for name, _ in outcome.load().named_children()] == ["l", "d"]
    assert set(outcome.load().state_dict()) == {"l.weight", "l.bias"}


def is_a_function(outcome):
    is_good(outcome)
    x = torch.randn(5)
    assert torch.equal(outcome.load()(x), 2 * x)
    assert not outcome.load().state_dict()


def has_only_encode(outcome):
    is_good(outcome)
    assert not hasattr(outcome.load(), "forward")
    assert outcome.load().encode(torch.ones(2, 3), torch.tensor(0.0)).abs().sum() == 0


def has_both_methods(outcome):
    is_good(outcome)
    assert {name for name, _, _ in outcome.checks} == {
        "torchscript",
        "torchscript.encode",
        "reloaded",
        "reloaded.encode",
    }
    loaded = outcome.load()
    assert loaded(torch.ones(2, 3)).shape == loaded.encode(torch.ones(2, 3), torch.tensor(1.0)).shape


def keeps_nesting(outcome):
    is_good(outcome)
    b = torch.ones(2, 3)
    x = torch.zeros(2, 3)
    first, total, (positive, whole) = outcome.load()(x, (torch.tensor(1.0), [b]), {"m": torch.tensor([1, 2, 3])})
    # A dict of unlike values is a tuple in TorchScript.
    assert torch.equal(first[0], torch.tensor([[2.0, 3.0, 4.0]] * 2))
    assert total.shape == ()
    assert positive.dtype == torch.bool
    assert whole.dtype == torch.int64
    assert "trace.output-changed" in outcome.codes


def takes_keywords(outcome):
    is_good(outcome)
    x = torch.ones(2, 3)
    assert torch.equal(outcome.load()(x=x, scale=x * 2, shift=x), x * 3)


def names_the_wrong_argument(outcome):
    assert outcome.code == 2
    assert outcome.failure["code"] == "call.input"
    assert outcome.failure["line"] == outcome.line_of("def forward(self, x, y=None")
    assert "'image'" in outcome.failure["message"]


def fails_on_the_check_input_only(outcome):
    assert outcome.code == 3
    assert all("check input" in reason for _, status, reason in outcome.checks if status == "failed")
    assert [status for name, status, _ in outcome.checks if name == "reloaded"] == ["failed"]
    assert "trace.not-repeatable" in outcome.codes


def is_not_checked_by_torch(outcome):
    assert "trace.outputs-differ" not in outcome.codes
    assert "trace.not-repeatable" not in outcome.codes


def meets_a_loose_tolerance(outcome):
    is_good(outcome)


def offers_strict(outcome):
    assert outcome.code == 1
    assert outcome.failure["code"] == "trace.container-output"
    assert "strict = false" in outcome.failure["hint"]


def returns_a_dict(outcome):
    is_good(outcome)
    assert list(outcome.load()(torch.ones(2, 3))) == ["y", "z"]


def tells_the_branch(outcome):
    assert outcome.code == 3
    assert outcome.found("trace.branch-on-tensor").line == outcome.line_of("if x.mean() > 0")


def names_train_mode(outcome):
    assert "d" in outcome.found("trace.train-mode").message
    assert outcome.found("audit.training-flag").module == "d"
    assert {status for _, status, _ in outcome.checks} == {"not run"}


def tells_an_int(outcome):
    found = outcome.found("trace.tensor-to-int")
    assert found.line == outcome.line_of("int(x.sum())")
    assert found.hint


def names_the_construct(outcome):
    assert outcome.code == 1
    assert outcome.failure["code"] == "script.refused"
    assert outcome.failure["line"] == outcome.line_of("try:")
    assert "try/except" in outcome.failure["message"]
    assert outcome.failure["hint"]


def keeps_the_loop(outcome):
    is_good(outcome)
    assert "prim::Loop" in str(outcome.load().graph)


def mixes(outcome):
    is_good(outcome)
    assert "prim::If" in str(outcome.load().inlined_graph)


def scripts_one_module_only(outcome):
    is_good(outcome)
    graph = str(outcome.load().graph)
    assert "prim::If" not in graph
    assert "prim::If" in str(outcome.load().inlined_graph)


def has_all_texts(outcome):
    from exportdesk.core.torchscript.texts import texts_of_file

    texts = texts_of_file(outcome.file).texts
    assert "def forward(self" in texts.code
    assert "aten::linear" not in texts.graph
    assert "aten::linear" in texts.inlined_graph
    assert "original_name=Net" in texts.printed


def runs_on_other_shapes(outcome):
    is_good(outcome)
    assert outcome.load()(torch.randn(9, 3)).shape == (9, 4)
    assert {name: status for name, status, _ in outcome.checks}["reloaded"] == "passed"


def finds_the_device(outcome):
    is_good(outcome)
    found = outcome.found("audit.device")
    assert found.line == outcome.line_of("device=x.device")
    assert "cpu" in found.message


def says_nothing(outcome):
    is_good(outcome)
    assert outcome.diagnostics == ()


SUM = "class Net(nn.Module):\n    def forward(self, x, *, scale, shift=None):\n        return x * scale + shift\n"
OPTIONAL = "class Net(nn.Module):\n    def forward(self, x, y=None):\n        return x if y is None else x + y\n"
BRANCH = (
    "class Net(nn.Module):\n    def forward(self, x):\n        if x.mean() > 0:\n            return x + 1\n"
    "        return x - 1\n"
)
SIZED = (
    "class Net(nn.Module):\n    def forward(self, x):\n        if x.shape[0] > 5:\n            return x + 1\n"
    "        return x - 1\n"
)
LOOP = (
    "class Net(nn.Module):\n    def forward(self, x):\n        while x.abs().sum() > 1.0:\n            x = x / 2\n"
    "        return x\n"
)
RANDOM = "class Net(nn.Module):\n    def forward(self, x):\n        return x + torch.rand_like(x)\n"
DICT = 'class Net(nn.Module):\n    def forward(self, x):\n        return {"y": x + 1, "z": x}\n'
TRYING = (
    "class Net(nn.Module):\n    def forward(self, x):\n        try:\n            return x + 1\n"
    "        except ValueError:\n            return x\n"
)
DEVICE = "class Net(nn.Module):\n    def forward(self, x):\n        return x + torch.zeros(3, device=x.device)\n"
INT = "class Net(nn.Module):\n    def forward(self, x):\n        return x * int(x.sum())\n"
SCRIPTED = '\n[marks]\n"" = "script"\n'

ROWS = (
    Row("J1-module", NET, "Net", IN_X, X, is_a_module_with_its_submodules),
    Row("J1-function", NET, "double", ("--input", "x=3"), X.replace("2, 3", "3"), is_a_function),
    Row(
        "J1-bound-method",
        NET,
        "Net.encode",
        (*IN_X, "--input", "scale="),
        X + '[[inputs]]\nname = "scale"\nshape = []\n',
        has_only_encode,
    ),
    Row(
        "J2",
        NET,
        "Net",
        (
            "--set",
            'model.methods=["forward", "encode"]',
            "--input",
            "forward:x=2,3",
            "--input",
            "encode:x=2,3",
            "--input",
            "encode:scale=",
        ),
        '[model]\nfile = "m.py"\nentry = "Net"\nmethods = ["forward", "encode"]\n'
        + X.replace("shape", 'method = "forward"\nshape')
        + X.replace("shape", 'method = "encode"\nshape')
        + '[[inputs]]\nname = "scale"\nmethod = "encode"\nshape = []\n',
        has_both_methods,
    ),
    Row(
        "J3",
        NESTED,
        "Net",
        (
            *IN_X,
            "--input",
            "state[0]=",
            "--input",
            "state[1][]=2,3",
            "--input",
            'batch["m"]=3:int64',
            "--set",
            "torchscript.strict=false",
        ),
        X + NESTED_INPUTS,
        keeps_nesting,
    ),
    Row(
        "J4-keywords",
        SUM,
        "Net",
        (*IN_X, "--input", "scale=2,3", "--input", "shift=2,3"),
        X + X.replace('"x"', '"scale"') + X.replace('"x"', '"shift"'),
        takes_keywords,
    ),
    Row(
        "J4-wrong-name",
        OPTIONAL,
        "Net",
        (*IN_X, "--input", "image=2,3"),
        X + X.replace('"x"', '"image"'),
        names_the_wrong_argument,
    ),
    Row(
        "J5-check-inputs",
        SIZED,
        "Net",
        (*IN_X, "--check-input", "x=7,3"),
        X + '[[torchscript.check_inputs]]\n[[torchscript.check_inputs.inputs]]\nname = "x"\nshape = [7, 3]\n',
        fails_on_the_check_input_only,
    ),
    Row(
        "J5-no-check",
        RANDOM,
        "Net",
        (*IN_X, "--set", "torchscript.check_trace=false"),
        X + "[torchscript]\ncheck_trace = false\n",
        is_not_checked_by_torch,
    ),
    Row(
        "J5-tolerance",
        BRANCH,
        "Net",
        (*IN_X, "--set", "torchscript.check_tolerance=1000"),
        X + "[torchscript]\ncheck_tolerance = 1000\n",
        meets_a_loose_tolerance,
    ),
    Row("J6-strict", DICT, "Net", IN_X, X, offers_strict),
    Row(
        "J6-not-strict",
        DICT,
        "Net",
        (*IN_X, "--set", "torchscript.strict=false"),
        X + "[torchscript]\nstrict = false\n",
        returns_a_dict,
    ),
    Row("J7", BRANCH, "Net", IN_X, X, tells_the_branch),
    Row(
        "J8",
        NET,
        "Net",
        (*IN_X, "--set", "model.mode=train"),
        '[model]\nfile = "m.py"\nentry = "Net"\nmode = "train"\n' + X,
        names_train_mode,
    ),
    Row("J9", INT, "Net", IN_X, X, tells_an_int),
    Row("J10-loop", LOOP, "Net", (*IN_X, "--script", ""), X + SCRIPTED, keeps_the_loop),
    Row("J10-error", TRYING, "Net", (*IN_X, "--script", ""), X + SCRIPTED, names_the_construct),
    Row(
        "J11",
        DECIDING,
        "Net",
        (*IN_X, "--script", "blocks.0", "--trace", "blocks.0.body", "--script", "head.1", "--trace", "head.1.body"),
        X + '[marks]\n"blocks.0" = "script"\n"blocks.0.body" = "trace"\n"head.1" = "script"\n"head.1.body" = "trace"\n',
        mixes,
    ),
    Row(
        "J12",
        DECIDING,
        "Net",
        (*IN_X, "--script", "blocks.0", "--trace", "blocks.2.body", "--script", "head.1", "--trace", "head.1.body"),
        X + '[marks]\n"blocks.0" = "script"\n"blocks.2.body" = "trace"\n"head.1" = "script"\n"head.1.body" = "trace"\n',
        scripts_one_module_only,
    ),
    Row("J13", NET, "Net", IN_X, X, has_all_texts),
    Row("J14", NET, "Net", IN_X, X, runs_on_other_shapes),
    Row("J15", DEVICE, "Net", IN_X, X, finds_the_device),
    Row("J16", NET, "Net", IN_X, X, says_nothing),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_that_a_row_of_the_guides_works_from_a_recipe(desk, row):
    recipe = row.recipe if "[model]" in row.recipe else f"{row.entry}\n{row.recipe}"
    row.holds(desk.recipe(row.source, recipe))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_that_a_row_of_the_guides_works_from_the_command_line(desk, row):
    row.holds(desk.command(row.source, row.entry, *row.flags))


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name in ("J2", "J3", "J5-check-inputs", "J11")], ids=lambda row: row.name
)
def test_that_flags_are_written_as_a_recipe_that_does_the_same(desk, row, tmp_path):
    first = desk.command(row.source, row.entry, *row.flags, "--save-recipe", str(tmp_path / "saved.toml"))
    text = (tmp_path / "saved.toml").read_text()
    assert first.code == desk.recipe(row.source, text.partition("\n")[2]).code


def test_that_samples_come_from_files_of_every_kind(desk, tmp_path):
    from PIL import Image

    np.save(tmp_path / "a.npy", np.ones((2, 3), np.float32))
    np.savez(tmp_path / "b.npz", b=np.ones((2, 3), np.int64), other=np.zeros(1))
    torch.save({"c": torch.ones(2, 3, dtype=torch.bool)}, tmp_path / "c.pt")
    Image.new("RGB", (3, 2), (255, 0, 0)).save(tmp_path / "d.png")
    source = "class Net(nn.Module):\n    def forward(self, a, b, c, d):\n        return torch.where(c, a * b, a), d\n"
    names = {"a": "a.npy", "b": "b.npz", "c": "c.pt", "d": "d.png"}
    outcome = desk.command(source, "Net", *(f"--input={name}=@{tmp_path / file}" for name, file in names.items()))
    is_good(outcome)
    picture = torch.zeros(1, 3, 2, 3)
    assert outcome.load()(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 3).bool(), picture)[1].shape == (1, 3, 2, 3)


@pytest.mark.parametrize("content", ["pickle", "text", "missing-key"])
def test_that_a_sample_that_cannot_be_read_is_told(desk, tmp_path, content):
    file = tmp_path / "x.npz"
    if content == "pickle":
        np.savez(file, x=np.array([object()]))
    elif content == "text":
        file.write_text("no archive")
    else:
        np.savez(file, a=np.ones(1), b=np.ones(1))
    outcome = desk.command(NET, "Net", f"--input=x=@{file}")
    assert outcome.code == 2
    assert outcome.failure["code"] == "call.sample"


def test_that_a_torchscript_file_without_source_is_exported_again(desk, tmp_path):
    scripted = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()))
    torch.jit.save(scripted, str(tmp_path / "n.pt"))
    outcome = desk.recipe("", '[model]\nfile = "n.pt"\n' + X.replace('"x"', '"input"'))
    is_good(outcome)
    shutil.rmtree(desk.folder / "out")
    marked = desk.recipe("", '[model]\nfile = "n.pt"\n' + X.replace('"x"', '"input"') + '[marks]\n"0" = "script"\n')
    assert marked.failure["code"] == "call.mark"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "complex64"])
def test_that_models_of_other_dtypes_are_compared_and_reloaded(desk, dtype):
    source = f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.w = nn.Parameter(torch.randn(3, 2).to(torch.{dtype}))\n    def forward(self, x):\n        return x @ self.w, x.abs()\n"
    is_good(desk.recipe(source, f'Net\n{X}dtype = "{dtype}"\n'))
