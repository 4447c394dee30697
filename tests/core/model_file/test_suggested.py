"""Suggested inputs of a loaded model."""

from pathlib import Path

import pytest
import torch
from exportdesk.core.model_file.loading import load_model
from exportdesk.core.model_file.suggested import suggested_inputs
from exportdesk.core.model_file.user_imports import user_imports
from exportdesk.core.recipe.model import Model, Recipe

MODEL = """
from torch import nn

class Net(nn.Module):
    def __init__(self, config=None, width=3):
        super().__init__()
        self.stem = nn.Conv2d(width, (config or {"c": 6})["c"], 3)
        self.table = nn.Embedding(*(50, 4))
    def forward(self, image, ids): return self.stem(image), self.table(ids)
    def look_up(self, keys): return self.table(keys)
    @property
    def in_features(self): raise RuntimeError("not today")
"""


def suggest(tmp_path: Path, entry: str, method: str = "forward", **arguments):
    (tmp_path / "model.py").write_text(MODEL + "net = Net()\n")
    recipe = Recipe(model=Model(file="model.py", entry=entry, arguments=arguments))
    with user_imports(tmp_path / "model.py"):
        loaded = load_model(recipe, tmp_path)
        return {item.name: (item.shape, item.dtype) for item in suggested_inputs(loaded, arguments, method)}


@pytest.mark.parametrize(("entry", "arguments"), [("Net", {}), ("net", {}), ("Net", {"width": 5})])
def test_that_a_loaded_model_makes_the_sizes_exact(tmp_path, entry, arguments):
    channels = arguments.get("width", 3)
    expected = {"image": ((1, channels, 224, 224), "float32"), "ids": ((1, 16), "int64")}
    assert suggest(tmp_path, entry, **arguments) == expected


def test_that_a_method_is_followed(tmp_path):
    assert suggest(tmp_path, "Net.look_up", "look_up") == {"keys": ((1, 16), "int64")}


@pytest.mark.parametrize("is_traced", [True, False])
def test_that_a_torchscript_file_suggests_by_its_modules(tmp_path, is_traced):
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU()).eval()
    script = torch.jit.trace(net, torch.rand(1, 2, 8, 8)) if is_traced else torch.jit.script(net)
    script.save(str(tmp_path / "net.pt"))
    loaded = load_model(Recipe(model=Model(file="net.pt")), tmp_path)
    (found,) = suggested_inputs(loaded, {})
    assert (found.shape, found.dtype) == ((1, 2, 224, 224), "float32")
