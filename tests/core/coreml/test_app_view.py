"""Exports with pictures, labels, chosen outputs and states are checked as the app will use them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from exportdesk.core import export
from exportdesk.core.bundle.verify import check_bundle
from exportdesk.core.coreml.app_view import app_values, seen_of, through_pixels
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import CoreML, CoreMLImage, CoreMLInput

MODEL = """
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        features = self.features(x).relu()
        return features, self.head(features.mean((2, 3))).softmax(1)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.ones(1, 3))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 2
"""
CLASSIFIER = """
[model]
file = "model.py"
entry = "Classifier"
[[inputs]]
name = "x"
shape = [1, 3, 12, 16]
[torchscript]
check_trace = false
[coreml]
precision = "float32"
[coreml.inputs.x.image]
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
layout = "LAYOUT"
[[coreml.outputs]]
name = "features"
keep = KEEP
[[coreml.outputs]]
name = "scores"
[coreml.classifier]
labels_file = "labels.txt"
probabilities = "scores"
"""
COUNTER = """
[model]
file = "model.py"
entry = "Counter"
[[inputs]]
name = "x"
shape = [1, 3]
[torchscript]
check_trace = false
[coreml]
minimum_deployment_target = "iOS18"
states = ["total"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "labels.txt").write_text("cat\ndog\nfish\n")
    return tmp_path


@pytest.mark.parametrize(("layout", "keep"), [("rgb", "false"), ("bgr", "true")])
def test_that_a_classifier_of_pictures_is_checked_as_the_app_uses_it(layout: str, keep: str, folder: Path) -> None:
    recipe = folder / "recipe.toml"
    recipe.write_text(CLASSIFIER.replace("LAYOUT", layout).replace("KEEP", keep))
    result = export(recipe, folder / "out")
    checks = {check.name: check for check in result.checks}
    assert checks["coreml"].status == "passed", checks["coreml"].reason
    assert result.coreml is not None
    assert [item.kind for item in result.coreml.inputs] == ["image"]
    assert result.coreml.outputs[0].name == "classLabel"
    handed_over = check_bundle(folder / "out", JobContext())
    assert {check.name: check.status for check in handed_over.checks}["coreml"] == "passed"


def test_that_a_state_is_checked_step_by_step_from_zero(folder: Path) -> None:
    recipe = folder / "recipe.toml"
    recipe.write_text(COUNTER)
    result = export(recipe, folder / "out")
    checks = {check.name: check for check in result.checks}
    assert checks["coreml"].status == "passed", checks["coreml"].reason
    assert checks["coreml"].probes == 8


@pytest.mark.parametrize("exact", [False, True])
def test_that_probes_become_what_core_ml_sees_of_a_picture(exact: bool) -> None:
    image = CoreMLImage(mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3), exact=exact)
    options = CoreML(inputs={"x": CoreMLInput(image=image)})
    x = torch.randn(1, 3, 4, 5)
    seen = through_pixels(Arguments(positional=(x, 7), keyword={}), ("x", "k"), options)
    assert seen.positional[1] == 7
    pixels = app_values(["x"], [seen.positional[0]], options)["x"]
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(seen_of(pixels.astype(float), image), seen.positional[0].numpy(), atol=1e-6)
    # A probe of a colour that pixels have is moved by half a step of brightness at most, and by the stated error.
    inside = (x.abs() < 1.5).numpy()
    assert np.abs(seen.positional[0].numpy() - x.numpy())[inside].max() < 0.5 / 255 / 0.2 + 0.5
