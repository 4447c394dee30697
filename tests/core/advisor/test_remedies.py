"""What the script compiler refuses: the place is named, and what is proposed works when it is done by hand."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from .advising import advise_file

_HEAD = """\
import math
from typing import Dict, Final, List, Optional, Tuple
import numpy as np
import torch
from torch import Tensor, nn
TABLE = {"scale": 2.0}
def twice(t: Tensor) -> Tensor:
    return t * 2
def repeated(t: Tensor, n) -> Tensor:
    return t * n
class Net(nn.Module):
    %(declared)s
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.layers = %(layers)s
        self.scale = TABLE["scale"]
        self.cache = None
    def forward(self, %(arguments)s) -> Tensor:
%(body)s
        if x.sum() > 0:
            return y
        return -y
"""
_FIRST_LINE = 20


@dataclass(frozen=True)
class Code:
    """The parts of a model in which the construct, or what replaces it, stands."""

    body: str
    arguments: str = "x: Tensor"
    layers: str = "nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])"
    declared: str = "pass"

    def write(self, file: Path) -> Path:
        body = textwrap.indent(self.body, " " * 8)
        parts = {"body": body, "arguments": self.arguments, "layers": self.layers, "declared": self.declared}
        file.write_text(_HEAD % parts)
        return file


CONSTRUCTS: dict[str, tuple[Code, int, str, Code]] = {
    "f-string": (
        Code('name = f"{float(x.sum()):.3f}"\ny = x + 0 * len(name)'),
        1,
        '"{}".format(x)',
        Code('name = "{}".format(float(x.sum()))\ny = x + 0 * len(name)'),
    ),
    "keyword arguments": (
        Code("y = x * (scale or {}).get('s', 1.0)", "x: Tensor, **scale"),
        0,
        "Name what **scale stands for",
        Code("y = x * scale", "x: Tensor, scale: float = 1.0"),
    ),
    "untyped list": (
        Code("parts = []\nparts.append(2)\ny = x * parts[0]"),
        2,
        "parts: List[int] = []",
        Code("parts: List[int] = []\nparts.append(2)\ny = x * parts[0]"),
    ),
    "untyped dict": (
        Code("found = {}\nfound[1] = 2.0\ny = x * found[1]"),
        2,
        "found: Dict[int, float] = {}",
        Code("found: Dict[int, float] = {}\nfound[1] = 2.0\ny = x * found[1]"),
    ),
    "mixed-type dict": (
        Code('parts = {"a": 1, "b": x}\ny = parts["b"] * parts["a"]'),
        2,
        "a tuple, whose members may differ",
        Code("parts = (1, x)\ny = parts[1] * parts[0]"),
    ),
    "list of modules by index": (
        Code("y = x\nfor i in range(2):\n    y = self.layers[i](y)"),
        3,
        "for i, layer in enumerate(self.layers)",
        Code("y = x\nfor i, layer in enumerate(self.layers):\n    y = layer(y)"),
    ),
    "Python list of modules": (
        Code("y = x\nfor layer in self.layers:\n    y = layer(y)", layers="[self.a, self.b]"),
        2,
        "nn.ModuleList",
        Code("y = x\nfor layer in self.layers:\n    y = layer(y)"),
    ),
    "early return of another type": (
        Code("if x.shape[0] > 3:\n    return 0\ny = x"),
        2,
        "",
        Code("if x.shape[0] > 3:\n    return torch.zeros_like(x)\ny = x"),
    ),
    "NumPy in forward": (
        Code("y = torch.from_numpy(np.clip(x.numpy(), 0, 1))"),
        1,
        "torch.clamp",
        Code("y = torch.clamp(x, 0, 1)"),
    ),
    "NumPy of a size": (Code("y = x / np.sqrt(x.shape[-1])"), 1, "math.sqrt", Code("y = x / math.sqrt(x.shape[-1])")),
    "torch.tensor of Python values": (
        Code("y = x * torch.tensor([x.shape[0], 2.0, 3.0, 4.0])"),
        1,
        "float(n)",
        Code("y = x * torch.tensor([float(x.shape[0]), 2.0, 3.0, 4.0])"),
    ),
    "torch.Tensor of Python values": (
        Code("y = x * torch.Tensor([1.0, 2.0, 3.0, 4.0])"),
        1,
        "torch.tensor([...])",
        Code("y = x * torch.tensor([1.0, 2.0, 3.0, 4.0])"),
    ),
    "try and except": (
        Code("try:\n    y = self.a(x)\nexcept RuntimeError:\n    y = x"),
        1,
        "with if",
        Code("if x.shape[-1] == 4:\n    y = self.a(x)\nelse:\n    y = x"),
    ),
    "generator": (
        Code("y = sum(layer(x) for layer in self.layers)"),
        1,
        "in a for loop",
        Code("y = torch.zeros_like(x)\nfor layer in self.layers:\n    y = y + layer(x)"),
    ),
    "lambda": (Code("double = lambda t: t * 2\ny = double(x)"), 1, "as a function", Code("y = twice(x)")),
    "index made by item": (
        Code("y = x + self.a.weight[x.argmax().item() % 4]"),
        1,
        "int(",
        Code("y = x + self.a.weight[int(x.argmax().item()) % 4]"),
    ),
    "global value": (Code('y = x * TABLE["scale"]'), 1, "in __init__", Code("y = x * self.scale")),
    "list spread": (
        Code("sizes = [x.shape[0], 4]\ny = x.view(*sizes)"),
        2,
        "x.view(sizes)",
        Code("sizes = [x.shape[0], 4]\ny = x.view(sizes)"),
    ),
    "attribute that starts as None": (
        Code("y = x\nself.cache = x"),
        2,
        "cache: Optional[Tensor]",
        Code("y = x\nself.cache = x", declared="cache: Optional[Tensor]"),
    ),
    "continue in a loop over modules": (
        Code("y = x\nfor layer in self.layers:\n    if y.sum() > 9:\n        continue\n    y = layer(y)"),
        4,
        "under the opposite condition",
        Code("y = x\nfor layer in self.layers:\n    if y.sum() <= 9:\n        y = layer(y)"),
    ),
    "break in a loop over modules": (
        Code("y = x\nfor layer in self.layers:\n    if y.sum() > 9:\n        break\n    y = layer(y)"),
        4,
        "under: if not done",
        Code(
            "y = x\ndone = False\nfor layer in self.layers:\n    if y.sum() > 9:\n        done = True\n"
            "    if not done:\n        y = layer(y)"
        ),
    ),
    "set": (
        Code("seen = set()\nseen.add(3)\ny = x * len(seen)"),
        1,
        "Keep a list",
        Code("seen: List[int] = []\nif 3 not in seen:\n    seen.append(3)\ny = x * len(seen)"),
    ),
    "list of an array": (
        Code("values = x.flatten().tolist()\ny = x * values[0]"),
        1,
        "values: List[float] = x.tolist()",
        Code("values: List[float] = x.flatten().tolist()\ny = x * values[0]"),
    ),
    "assignment in an expression": (
        Code("if (total := x.sum()) > 3:\n    y = x * total\nelse:\n    y = x"),
        1,
        "in a line of its own",
        Code("total = x.sum()\nif total > 3:\n    y = x * total\nelse:\n    y = x"),
    ),
    "match": (
        Code("match x.shape[0]:\n    case 2:\n        y = x\n    case _:\n        y = -x"),
        1,
        "if, elif and else",
        Code("if x.shape[0] == 2:\n    y = x\nelse:\n    y = -x"),
    ),
    "import in forward": (
        Code("import math\ny = x * math.pi"),
        1,
        "at the top of the file",
        Code("y = x * math.pi"),
    ),
    "list taken apart with a star": (
        Code("first, *rest = x.unbind(0)\ny = x + first"),
        1,
        "by index",
        Code("first = x.unbind(0)[0]\ny = x + first"),
    ),
    "type of a value": (
        Code("y = x if type(x) is Tensor else x * 2"),
        1,
        "isinstance(x, Tensor)",
        Code("y = x if isinstance(x, Tensor) else x * 2"),
    ),
    "function in a function": (
        Code("def inner(t):\n    return t * 2\ny = inner(x)"),
        1,
        "Move inner to the top of the file",
        Code("y = twice(x)"),
    ),
    "random numbers of NumPy": (
        Code("y = x + 0 * np.random.rand()"),
        1,
        "torch.rand(1)",
        Code("y = x + 0 * float(torch.rand(1))"),
    ),
    "limits of a type": (
        Code("y = x.clamp(min=torch.finfo(x.dtype).min)"),
        1,
        "Write the number",
        Code("y = x.clamp(min=-3.4e38)"),
    ),
    "constant of the class": (
        Code("y = x * self.GAIN", declared="GAIN = 3"),
        1,
        "GAIN: Final[int] = 3",
        Code("y = x * self.GAIN", declared="GAIN: Final[int] = 3"),
    ),
    "modules in a tuple": (
        Code("y = x\nfor part in (self.a, self.b):\n    y = part(y)"),
        3,
        "nn.ModuleList",
        Code("y = self.b(self.a(x))"),
    ),
    "argument without a type": (
        Code("y = repeated(x, x.shape[1])"),
        1,
        "Annotate the argument, n: int",
        Code("y = twice(x) * x.shape[1]"),
    ),
    "product of the sizes": (
        Code("y = x * math.prod(x.shape)"),
        1,
        "x.numel()",
        Code("y = x * x.numel()"),
    ),
}


@pytest.mark.parametrize("name", list(CONSTRUCTS))
def test_that_a_refused_construct_is_named_and_its_remedy_works(name: str, tmp_path: Path) -> None:
    refused, line, remedy, rewritten = CONSTRUCTS[name]
    file = refused.write(tmp_path / "refused.py")
    advice = advise_file(file, "Net", ["x=2,4"])
    assert not advice.is_verified
    assert advice.marks == {}
    told = [d for d in advice.diagnostics if d.code in ("script.refused", "script.fails")]
    assert [(d.file, d.line) for d in told[:1]] == [(str(file), _FIRST_LINE + line - 1)]
    assert remedy in (told[0].hint or "")
    assert any(d.code == "advise.no-set" for d in advice.diagnostics)

    file = rewritten.write(tmp_path / "rewritten.py")
    advice = advise_file(file, "Net", ["x=2,4"])
    assert advice.is_verified
    assert advice.marks[""] == "script"
