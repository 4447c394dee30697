"""The outline of a model file: what it offers, found without running it."""

import os
from pathlib import Path

import pytest
from exportdesk.core.errors import ExportDeskError, Failure
from exportdesk.core.model_file.outline import default_entry, read_outline
from exportdesk.core.model_file.source import LARGEST_BYTES
from exportdesk.core.results import EntryOutline


@pytest.fixture
def outline_of(tmp_path):
    def read(text: str | bytes) -> dict[str, EntryOutline]:
        path = tmp_path / "model.py"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {row.name: row for row in read_outline(path)}

    return read


def kinds(rows: dict[str, EntryOutline]) -> dict[str, str]:
    return {name: row.kind for name, row in rows.items()}


def failure_of(path: Path) -> Failure:
    with pytest.raises(ExportDeskError) as caught:
        read_outline(path)
    return caught.value.failure


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("import torch", "torch.nn.Module"),
        ("import torch as t", "t.nn.Module"),
        ("import torch.nn as nn", "nn.Module"),
        ("import torch.nn", "torch.nn.Module"),
        ("from torch import nn", "nn.Module"),
        ("from torch import nn as layers", "layers.Sequential"),
        ("from torch.nn import Module", "Module"),
        ("from torch.nn import Module as M", "M"),
        ("from torch.nn import *", "Module"),
        ("import torch\nnn = torch.nn", "nn.Module"),
        ("import torch\nBase = torch.nn.Module", "Base"),
        ("from torch import nn\nfrom typing import Generic, TypeVar\nT = TypeVar('T')", "nn.Module, Generic[T]"),
        ("import torch", "torch.jit.ScriptModule"),
        ("import lightning as L", "L.LightningModule"),
        ("from transformers import PreTrainedModel", "PreTrainedModel"),
        ("from .layers import ConvBlock", "ConvBlock"),
        ("try:\n    from timm.models import VisionTransformer\nexcept ImportError:\n    VisionTransformer = object",
         "VisionTransformer"),
    ],
)  # fmt: skip
def test_that_a_module_class_is_found_under_any_import(outline_of, imports, base):
    assert kinds(outline_of(f"{imports}\nclass Thing({base}):\n    pass\n")) == {"Thing": "class"}


def test_that_a_base_that_says_nothing_makes_a_module_only_with_a_forward_of_its_own(outline_of):
    rows = outline_of("from stuff import A\nclass X(A):\n    def forward(self, x): return x\nclass Y(A):\n    pass\n")
    assert kinds(rows) == {"X": "class"}


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("import torch", "torch.autograd.Function"),
        ("from pydantic import BaseModel", "BaseModel"),
        ("from torch.utils.data import Dataset", "Dataset"),
        ("import enum", "enum.Enum"),
        ("", "object"),
    ],
)
def test_that_other_classes_are_no_entries(outline_of, imports, base):
    rows = outline_of(f"{imports}\nclass Thing({base}):\n    @staticmethod\n    def forward(ctx, x): return x\n")
    assert rows == {}


def test_that_modules_are_found_through_classes_of_the_file_and_inside_conditions(outline_of):
    rows = outline_of("""
import sys
from torch import nn
class A(nn.Module):
    def __init__(self, width=4): super().__init__()
    def forward(self, x, *, scale: float = 1e-5): return x
if sys.version_info > (3,):
    class B(A): pass
else:
    class B(A): pass
class C(B):
    def encode(self, x): return x
    def reset_parameters(self): return 1
    def _hidden(self, x): return x
    @property
    def size(self): return 3
    @staticmethod
    def make(x): return x
""")
    assert kinds(rows) == {"A": "class", "B": "class", "C": "class", "C.encode": "method"}
    assert [(p.name, p.default) for p in rows["C"].constructor] == [("width", "4")]
    assert [(p.name, p.kind, p.annotation, p.default) for p in rows["C"].signature] == [
        ("x", "positional", None, None),
        ("scale", "keyword", "float", "1e-5"),
    ]


def test_that_every_kind_of_parameter_keeps_its_source_text(outline_of):
    rows = outline_of("""
def f(a, b: "Tensor" = None, /, c: 'list[int]' = [0x10,
        2], *rest: int, d, e: float = 1e-05, **more):
    return a
""")
    assert [(p.name, p.kind, p.annotation, p.default) for p in rows["f"].signature] == [
        ("a", "positional", None, None),
        ("b", "positional", '"Tensor"', "None"),
        ("c", "positional", "'list[int]'", "[0x10, 2]"),
        ("rest", "var_positional", "int", None),
        ("d", "keyword", None, None),
        ("e", "keyword", "float", "1e-05"),
        ("more", "var_keyword", None, None),
    ]


def test_that_functions_are_told_from_factories_and_from_the_rest(outline_of):
    rows = outline_of("""
import torch
import torchvision
from torch import nn, Tensor
class Net(nn.Module):
    def forward(self, x): return x
def foo(x, y): return 2 * x + y
def typed(a: Tensor, n: int) -> Tensor: return a
def build(width: int):
    net = Net()
    return net.eval()
def build_annotated() -> "nn.Module | None": return _cache["net"]
def again(): return build(3)
def resnet(pretrained=False): return torchvision.models.resnet18(weights=None)
def table(n: int) -> Tensor: return torch.zeros(n)
def load_config(path): return open(path).read()
def train(model, loader): return 1
def main(x): return x
async def later(x): return x
def numbers(x):
    yield x
def nothing(x): print(x)
def count(x: Tensor) -> int: return 3
""")
    assert kinds(rows) == {
        "Net": "class",
        "foo": "function",
        "typed": "function",
        "build": "factory",
        "build_annotated": "factory",
        "again": "factory",
        "resnet": "factory",
    }
    assert [p.name for p in rows["again"].signature] == ["x"]
    assert [p.name for p in rows["build"].constructor] == ["width"]


def test_that_instances_are_found_and_the_main_block_is_not_looked_into(outline_of):
    rows = outline_of("""
import torch
from torch import nn
class Net(nn.Module):
    '''A net.'''
    def forward(self, image): return image
net = Net().eval()
other: nn.Module = torch.compile(net)
model = torch.nn.Sequential(nn.Linear(3, 4), nn.ReLU())
a, b = Net(), 3
scripted = torch.jit.script(Net())
double = lambda x: 2 * x
net2 = Net()
net2 = 3
if __name__ == '__main__':
    hidden = Net()
""")
    expected = {"net", "other", "model", "a", "scripted"}
    assert {name for name, row in rows.items() if row.kind == "instance"} == expected
    assert rows["double"].kind == "function"
    assert {"hidden", "b", "net2"}.isdisjoint(rows)
    assert [p.name for p in rows["scripted"].signature] == ["image"]
    assert rows["net"].doc == "A net."


def test_that_dataclass_fields_are_the_constructor(outline_of):
    rows = outline_of("""
from dataclasses import dataclass
from torch import nn
@dataclass(eq=False)
class Net(nn.Module):
    width: int
    depth: int = 2
""")
    assert [(p.name, p.annotation, p.default) for p in rows["Net"].constructor] == [
        ("width", "int", None),
        ("depth", "int", "2"),
    ]


def test_that_a_docstring_gives_its_first_paragraph_and_the_line_is_that_of_the_file(outline_of):
    rows = outline_of('\r\n# c\r\ndef f(x):\r\n    """First\r\n    part.\r\n\r\n    Second."""\r\n    return x\r\n')
    assert (rows["f"].line, rows["f"].doc) == (3, "First part.")


def test_that_private_names_are_listed_only_where_there_are_no_others(outline_of):
    body = "(nn.Module):\n    def forward(self, x): return x\n"
    assert set(outline_of(f"from torch import nn\nclass _A{body}class B{body}")) == {"B"}
    assert set(outline_of(f"from torch import nn\nclass _A{body}")) == {"_A"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class Body(nn.Module): pass\nclass Net(nn.Module):\n    def __init__(self): self.b = Body()\n", "Net"),
        ("class Net(nn.Module): pass\n", "Net"),
        ("class A(nn.Module): pass\nclass B(nn.Module): pass\n", None),
        ("class A(nn.Module): pass\nclass B(nn.Module): pass\nnet = B()\n", "net"),
        ("class A(nn.Module): pass\nclass B(nn.Module): pass\ndef make(n=1): return A(B())\n", "make"),
        ("class A(nn.Module): pass\ndef clip(x): return x\n", "A"),
        ("def clip(x): return x\n", "clip"),
        ("def clip(x): return x\ndef both(x): return clip(x)\n", "both"),
        ("def clip(x): return x\ndef other(x): return x\n", None),
        ("", None),
    ],
)
def test_that_the_default_entry_is_the_one_that_nothing_else_uses(outline_of, text, expected):
    entry = default_entry(tuple(outline_of(f"from torch import nn\n{text}").values()))
    assert (entry.name if entry else None) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfdef f(x):\n    return x\n",
        "# -*- coding: latin-1 -*-\ndef f(x):\n    'é'\n    return x\n".encode("latin-1"),
        b"def f(x):\r    return x\r",
        "def f(x):\n    'é ∂ 模'; return x\n".encode(),
    ],
    ids=["byte order mark", "declared latin-1", "carriage returns", "utf-8"],
)
def test_that_encodings_and_line_ends_are_read_as_python_reads_them(outline_of, content):
    assert kinds(outline_of(content)) == {"f": "function"}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only words\n", b"\xef\xbb\xbf"])
def test_that_a_file_with_nothing_in_it_has_no_entries(outline_of, content):
    assert outline_of(content) == {}


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"x = 1\ndef f(:\n", "model.syntax", 2),
        (b"x = (\n", "model.syntax", 1),
        (b"def f():\n\tx = 1\n        y = 2\n", "model.syntax", 3),
        (b"# coding: nonsense\n", "model.syntax", 1),
        (b"a = 1\nb = '\xe9'\n", "model.syntax", 2),
        (b"\x80\x02}q\x00.", "model.not-python", None),
        ("x = 1\n".encode("utf-16"), "model.not-python", None),
        (b"x = " + b"(" * 500 + b")" * 500, "model.syntax", 1),
    ],
)
def test_that_what_is_not_python_is_a_located_failure(tmp_path, content, code, line):
    path = tmp_path / "model.py"
    path.write_bytes(content)
    failure = failure_of(path)
    assert (failure.code, failure.line, failure.file) == (code, line, str(path))
    assert failure.exit_code == 1
    assert "\n" not in failure.message


def test_that_deep_nesting_is_a_failure_and_long_files_are_not(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("x = " + "-" * 200_000 + "1\n")
    assert failure_of(path).code in {"model.syntax", "model.too-deep"}
    path.write_text("x = a" + ".b()" * 20_000 + "\n")
    assert failure_of(path).code in {"model.syntax", "model.too-deep"}
    path.write_text("if a: pass\n" + "elif a: pass\n" * 500 + "x = [\n" + "  1,\n" * 50_000 + "]\ndef f(x): return x\n")
    assert [row.name for row in read_outline(path)] == ["f"]


def test_that_paths_that_are_no_files_are_wrong_calls(tmp_path):
    assert failure_of(tmp_path).code == "call.not-a-file"
    missing = failure_of(tmp_path / "nowhere.py")
    assert (missing.code, missing.exit_code) == ("call.missing-file", 2)
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    assert failure_of(pipe).code == "call.not-a-file"


def test_that_a_notebook_and_a_huge_file_are_refused_with_a_remedy(tmp_path):
    notebook = tmp_path / "model.ipynb"
    notebook.write_text("{}")
    assert failure_of(notebook).code == "model.not-python"
    huge = tmp_path / "huge.py"
    with huge.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    assert failure_of(huge).code == "model.too-large"


def test_that_nothing_of_the_file_runs(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit\ndef f(x): return x\n")
    assert [row.name for row in read_outline(path)] == ["f"]
    assert not (tmp_path / "ran").exists()
