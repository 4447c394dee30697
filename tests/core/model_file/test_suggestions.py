"""Inputs proposed for a model that nobody has described."""

import pytest
from exportdesk.core.model_file.layers import LayerRow, layer_row
from exportdesk.core.model_file.outline import outline_of
from exportdesk.core.model_file.source import read_source
from exportdesk.core.model_file.suggestions import suggest_from_layers, suggest_inputs
from exportdesk.core.results import Parameter

HEAD = """
import collections
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F
from torch import Tensor
from jaxtyping import Float, Int
"""


@pytest.fixture
def suggest(tmp_path):
    def run(text: str, entry: str = "Net", **given):
        path = tmp_path / "model.py"
        path.write_text(HEAD + text)
        source = read_source(path)
        row = next(row for row in outline_of(source) if row.name == entry)
        return {item.name: item for item in suggest_inputs(source, row, **given)}

    return run


def module(forward: str, init: str = "", after: str = "") -> str:
    return f"""
class Net(nn.Module):
    def __init__(self, width=4, *, vocab=100):
        super().__init__()
        {init}
    {forward}
{after}
"""


PLAIN = "def forward(self, x, y=None): return x"


@pytest.mark.parametrize(
    ("call", "shape", "dtype"),
    [
        ("Net()(torch.randn(1, 3, 224, 224))", (1, 3, 224, 224), "float32"),
        ("net = Net().eval(); x = torch.rand((2, 3)); net(x)", (2, 3), "float32"),
        ("net = Net(); out = net.forward(torch.zeros(2, 3, dtype=torch.float16))", (2, 3), "float16"),
        ("B, H = 2, 8\n    net = Net()\n    y = net(x=torch.randn(B, H * 4, H // 2, H ** 2))", (2, 32, 4, 64), "float32"),
        ("print(Net()(torch.randint(0, 50, (1, 16))).shape)", (1, 16), "int64"),
        ("Net()(torch.arange(6).float().view(1, 6))", (1, 6), "float32"),
        ("Net()(torch.tensor([[1, 2], [3, 4], [5, 6]]))", (3, 2), "int64"),
        ("Net()(torch.from_numpy(np.random.rand(3, 4).astype('f'))) if 0 else Net()(torch.ones(3, 4))", (3, 4), "float32"),
        ("Net()(2 * torch.rand(3, 4) - 1)", (3, 4), "float32"),
        ("Net()(torch.randn(3, 32, 32).unsqueeze(0).to('cuda'))", (1, 3, 32, 32), "float32"),
        ("torch.jit.trace(Net().eval(), torch.rand(1, 5))", (1, 5), "float32"),
        ("torch.onnx.export(Net(), (torch.rand(1, 5),), 'x.onnx')", (1, 5), "float32"),
        ("size = (1, 5)\n    with torch.no_grad():\n        for _ in range(3):\n            Net()(torch.empty(*size))", (1, 5), "float32"),
    ],
)  # fmt: skip
def test_that_the_main_block_is_read(suggest, call, shape, dtype):
    found = suggest(module(PLAIN, after=f"if __name__ == '__main__':\n    {call}\n"))
    assert (found["x"].shape, found["x"].dtype) == (shape, dtype)
    assert "main block" in found["x"].reason


def test_that_a_test_function_is_read_and_integers_keep_their_bound(suggest):
    found = suggest(
        module(PLAIN, after="def test():\n    net = Net()\n    net(torch.randint(10, (1, 4)), y=torch.ones(3))\n")
    )
    assert (found["x"].high, found["y"].shape) == (10, (3,))
    assert "test()" in found["x"].reason


@pytest.mark.parametrize(
    "definition",
    [
        "example_inputs = (torch.rand(2, 7),)",
        "EXAMPLE_INPUTS = torch.rand(2, 7)",
        "def get_inputs():\n    x = torch.rand(2, 7)\n    return [x]",
        "example_inputs = {'x': torch.rand(2, 7)}",
        "def example_inputs():\n    return dict(x=torch.rand(2, 7))",
    ],
)
def test_that_a_conventional_name_goes_before_the_main_block(suggest, definition):
    main = "if __name__ == '__main__':\n    Net()(torch.rand(9))\n"
    found = suggest(module(PLAIN, after=f"{definition}\n{main}"))
    assert found["x"].shape == (2, 7)


@pytest.mark.parametrize(
    ("forward", "shape", "dtype"),
    [
        ('def forward(self, x: Float[Tensor, "b 3 h w"]): return x', (1, 3, 224, 224), "float32"),
        ('def forward(self, x: "Int[torch.Tensor, \'batch 12\']"): return x', (1, 12), "int64"),
        ("def forward(self, x: Tensor):  # B,3,64,64\n        return x", (1, 3, 64, 64), "float32"),
        ("def forward(self, x):\n        # x: [B, T, 80]\n        return x", (1, 16, 80), "float32"),
        ('def forward(self, x):\n        """Run.\n\n        Args:\n            x: images, shape (N, 3, H, W).\n        """\n        return x', (1, 3, 224, 224), "float32"),
        ('def forward(self, x):\n        """Run.\n\n        Args:\n            x (Tensor, optional): what comes in,\n                as ``[batch, 5]``.\n            y: (1, 2)\n        """\n        return x', (1, 5), "float32"),
        ('def forward(self, x):\n        """:param x: token ids, (batch, seq_len)"""\n        return x', (1, 16), "int64"),
        ('def forward(self, x):\n        """x: 1x3x32x32"""\n        return x', (1, 3, 32, 32), "float32"),
    ],
)  # fmt: skip
def test_that_annotations_comments_and_docstrings_are_read(suggest, forward, shape, dtype):
    found = suggest(module(forward))
    assert (found["x"].shape, found["x"].dtype) == (shape, dtype)


@pytest.mark.parametrize(
    ("init", "forward", "shape", "dtype"),
    [
        ("self.a = nn.Conv2d(3, 8, 3)", "return self.a(x)", (1, 3, 224, 224), "float32"),
        ("self.a = nn.Conv1d(2, 8, 3)", "return self.a(x)", (1, 2, 128), "float32"),
        ("self.a = nn.Linear(width * 2, 3)", "return self.a(x)", (1, 8), "float32"),
        ("self.b = nn.Linear(9, 9); self.a = nn.Linear(5, 3)", "return self.b(F.relu(self.a(x)))", (1, 5), "float32"),
        ("self.a = nn.Embedding(vocab, 8)", "return self.a(x)", (1, 16), "int64"),
        ("self.a = nn.LSTM(12, 8, batch_first=True)", "return self.a(x)[0]", (1, 16, 12), "float32"),
        ("self.a = nn.GRU(input_size=12, hidden_size=8)", "return self.a(x)[0]", (16, 1, 12), "float32"),
        ("self.a = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, batch_first=True), 2)", "return self.a(x)", (1, 16, 32), "float32"),
        ("self.a = nn.Sequential(collections.OrderedDict([('one', nn.Linear(6, 2)), ('r', nn.ReLU())]))", "return self.a(x)", (1, 6), "float32"),
        ("self.a = nn.ModuleList([nn.Linear(6, 2) for _ in range(3)])", "return self.a[0](x)", (1, 6), "float32"),
        ("self.a = nn.Linear(28 * 28, 3)", "h = x.view(x.size(0), -1)\n        return self.a(h)", (1, 784), "float32"),
    ],
)  # fmt: skip
def test_that_the_first_layer_tells(suggest, init, forward, shape, dtype):
    found = suggest(module(f"def forward(self, x):\n        {forward}", init))
    assert (found["x"].shape, found["x"].dtype) == (shape, dtype)
    assert "a" in found["x"].reason


def test_that_the_size_of_an_image_is_found_from_the_fully_connected_layer(suggest):
    init = "self.c1 = nn.Conv2d(1, 6, 5); self.c2 = nn.Conv2d(6, 16, 5); self.fc = nn.Linear(16 * 5 * 5, 10)"
    forward = """def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc(x.flatten(1))"""
    found = suggest(module(forward, init))
    assert found["x"].shape == (1, 1, 32, 32)


def test_that_constructor_arguments_and_inner_classes_are_followed(suggest):
    text = """
class Stem(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 8, 3)
    def forward(self, z): return self.conv(z)
""" + module("def forward(self, x): return self.stem(x)", "self.stem = Stem(width)")
    assert suggest(text)["x"].shape == (1, 4, 224, 224)
    assert suggest(text, arguments={"width": 9})["x"].shape == (1, 9, 224, 224)
    assert suggest(text + "net = Net(5)\n", "net")["x"].shape == (1, 5, 224, 224)


def test_that_each_parameter_is_followed_to_its_own_layer(suggest):
    found = suggest(
        module(
            "def forward(self, left, right, mask: bool, image): return self.a(left) + self.b(right)",
            "self.a = nn.Linear(5, 2); self.b = nn.Linear(7, 2)",
        )
    )
    assert {name: item.shape for name, item in found.items()} == {
        "left": (1, 5),
        "right": (1, 7),
        "image": (1, 3, 224, 224),
    }


def test_that_names_in_a_text_take_their_numbers_from_the_layer(suggest):
    found = suggest(
        module("def forward(self, x: Tensor):  # B,C,H,W\n        return self.a(x)", "self.a = nn.Conv2d(1, 2, 3)")
    )
    assert found["x"].shape == (1, 1, 224, 224)


def test_that_nothing_is_made_up(suggest):
    assert suggest(module("def forward(self, x): return x")) == {}
    assert suggest("def f(a, b): return a + b\n", "f") == {}


def test_that_a_circle_of_names_ends(suggest):
    after = "a = b\nb = a\nif __name__ == '__main__':\n    Net()(torch.rand(a, b))\n    Net()(a)\n"
    assert suggest(module(PLAIN, after=after)) == {}


def test_that_loaded_layers_are_read_from_their_attributes():
    class Conv2d:
        in_channels, kernel_size, padding, weight = 3, (3, 3), "same", object()

    row = layer_row("stem.conv", Conv2d())
    assert row == LayerRow(
        path="stem.conv",
        type_name="Conv2d",
        attributes={"in_channels": 3, "kernel_size": (3, 3), "padding": "same"},
    )
    signature = (Parameter(name="img"), Parameter(name="ids"), Parameter(name="flag", default="True"))
    found = suggest_from_layers([LayerRow(path="", type_name="Net"), row], signature)
    assert [(item.name, item.shape, item.dtype) for item in found] == [
        ("img", (1, 3, 224, 224), "float32"),
        ("ids", (1, 16), "int64"),
    ]
