"""Gates set from the model: right conversions pass, wrong ones do not."""

from pathlib import Path

import pytest
import torch
from exportdesk.core.checks.probes import Probe
from exportdesk.core.checks.rounding import Rounds, run_rounded
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.inputs.binding import Arguments
from exportdesk.core.recipe.document import parse_recipe, recipe_text
from exportdesk.core.recipe.model import Checks, Model, Recipe
from torch import nn

from .architectures import ARCHITECTURES, FAULTS
from .converting import checked, loaded, probes_of

BELOW_ROUNDING = ("gelu by tanh",)
"""Faults that change the output less than float16 constants do; only a float32 program shows them."""


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_that_a_right_conversion_passes(name: str, tmp_path: Path) -> None:
    kind = ARCHITECTURES[name]
    checks = checked(kind.model(), [kind.example(seed) for seed in range(4)], tmp_path)
    assert {check.name: (check.status, check.reason) for check in checks.values()} == {
        "coreml": ("passed", None),
        "coreml.float32": ("passed", None),
    }


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in BELOW_ROUNDING])
def test_that_a_planted_fault_is_caught(fault: str, tmp_path: Path) -> None:
    name, plant = FAULTS[fault]
    kind = ARCHITECTURES[name]
    checks = checked(kind.model(), [kind.example(seed) for seed in range(4)], tmp_path, plant)
    assert "failed" in {check.status for check in checks.values()}
    assert all(check.threshold for check in checks.values())


@pytest.mark.parametrize("fault", BELOW_ROUNDING)
def test_that_a_fault_smaller_than_rounding_is_caught_in_a_float32_program(fault: str, tmp_path: Path) -> None:
    name, plant = FAULTS[fault]
    kind = ARCHITECTURES[name]
    examples = [kind.example(seed) for seed in range(4)]
    (check,) = checked(kind.model(), examples, tmp_path, plant, precision="float32").values()
    assert check.status == "failed"


def test_that_a_float32_program_is_held_to_more(tmp_path: Path) -> None:
    kind = ARCHITECTURES["perceptron"]
    examples = [kind.example(seed) for seed in range(2)]
    (good,) = checked(kind.model(), examples, tmp_path, precision="float32").values()
    assert (good.status, good.threshold) == ("passed", "relative error <= 2e-05")

    def slightly_off(model: nn.Module) -> None:
        model[0].weight.mul_(1.001)

    (tmp_path / "wrong").mkdir()
    (wrong,) = checked(kind.model(), examples, tmp_path / "wrong", slightly_off, precision="float32").values()
    assert wrong.status == "failed"


def test_that_the_recipe_may_set_the_gates(tmp_path: Path) -> None:
    kind = ARCHITECTURES["perceptron"]
    limits = Checks(coreml_psnr_db=200, coreml_relative_error=0.5)
    checks = checked(kind.model(), [kind.example(0)], tmp_path, checks=limits)
    assert (checks["coreml"].status, checks["coreml"].threshold) == ("failed", "PSNR >= 200 dB")
    assert (checks["coreml.float32"].status, checks["coreml.float32"].threshold) == (
        "passed",
        "relative error <= 0.5",
    )


def test_that_the_keys_of_the_gates_survive_a_round_trip() -> None:
    recipe = Recipe(model=Model(file="m.py"), checks=Checks(coreml_psnr_db=55, coreml_relative_error=0.001))
    assert parse_recipe(recipe_text(recipe)) == recipe
    with pytest.raises(ExportDeskError, match="coreml_relative_error is a number from 0 to 1"):
        parse_recipe('[model]\nfile = "m.py"\n[checks]\ncoreml_relative_error = -1\n')


def test_that_a_rounded_run_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    probe: Probe = probes_of([torch.randn(2, 3)])[0]
    rounded = run_rounded(loaded(model), "forward", probe.arguments, Rounds.CONSTANTS)
    assert not torch.equal(rounded, model(*probe.arguments.positional))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    with pytest.raises(RuntimeError):
        run_rounded(loaded(model), "forward", Arguments(positional=(torch.ones(2, 5),), keyword={}), Rounds.CONSTANTS)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_that_rounded_constants_are_the_nearest_halves() -> None:
    model = nn.Linear(4, 2)
    x = torch.randn(3, 4)
    rounded = run_rounded(loaded(model), "forward", probes_of([x])[0].arguments, Rounds.CONSTANTS)
    expected = nn.functional.linear(x, model.weight.half().float(), model.bias.half().float())
    assert torch.allclose(rounded, expected, atol=1e-7)


def test_that_a_buffer_written_through_a_view_keeps_its_meaning() -> None:
    class Cache(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("kept", torch.zeros(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.kept[:2] = x
            return self.kept * 2

    rounded = run_rounded(
        loaded(Cache()), "forward", probes_of([torch.tensor([1.0, 3.0])])[0].arguments, Rounds.CONSTANTS
    )
    assert rounded.tolist() == [2.0, 6.0, 0.0, 0.0]
