"""Packages with states are judged by what rounding does to the model over the same steps."""

from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.recipe.model import Checks, CoreML, Input, Model, Recipe
from exportdesk.core.results import Check

pytestmark = [
    # coremltools leaves temporary folders to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

MODEL = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2, 8))
    def forward(self, x):
        self.total.mul_(0.5)
        self.total.add_(x)
        return {result}
"""


def check_of(result: str, folder: Path) -> Check:
    (folder / "net.py").write_text(MODEL.format(result=result))
    recipe = Recipe(
        model=Model(file=str(folder / "net.py")),
        inputs=(Input(name="x", shape=(2, 8)),),
        coreml=CoreML(minimum_deployment_target="iOS18", states=("total",)),
        checks=Checks(probes=4),
    )
    return next(check for check in export(recipe, folder / "bundle").checks if check.name == "coreml")


def test_that_a_good_conversion_meets_the_usual_gate(tmp_path: Path) -> None:
    check = check_of("self.total * 2 + 1", tmp_path)
    assert (check.status, check.threshold, check.probes) == ("passed", "PSNR >= 60 dB", 4)


def test_that_a_model_that_rounding_moves_gets_a_gate_of_its_own(tmp_path: Path) -> None:
    """Most digits of the state are lost when 20 is added and taken away again."""
    check = check_of("(self.total + 20) - 20.0", tmp_path)
    assert check.status == "passed", check.reason
    assert check.psnr_db is not None
    assert check.psnr_db < 60
    assert check.threshold is not None
    assert check.threshold != "PSNR >= 60 dB"
