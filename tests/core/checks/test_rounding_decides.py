"""Branches and choices that rounding decides are explained; wrong ones are not."""

from pathlib import Path

import pytest
import torch
from exportdesk.core.checks.coreml import check_package
from exportdesk.core.checks.probes import eager_answers
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.diagnostics import Diagnostic
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import CoreML, Model, Recipe
from exportdesk.core.results import Check
from torch import Tensor, nn

from .converting import loaded, probes_of


class ControlFlowNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        n = 1
        if torch.mean(x) < 0:
            n = 2
        for _ in range(n):
            x = self.body(x)
        return x


class OtherWayRound(ControlFlowNet):
    def forward(self, x: Tensor) -> Tensor:
        n = 1
        if torch.mean(x) > 0:
            n = 2
        for _ in range(n):
            x = self.body(x)
        return x


class Choosing(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x.argmax(-1), x.topk(3)[1], x > 1.0


class ChoosingTheLeast(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x.argmin(-1), x.topk(3)[1], x > 1.0


def images(mean: float) -> Tensor:
    """Return an image whose mean has this value, and another sign after each element is rounded to float16."""
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return x - x.mean() + mean


def near_zero() -> Tensor:
    for step in range(-300, 300):
        x = images(step * 1e-7)
        if (x.mean() < 0) != (x.half().float().mean() < 0):
            return x
    raise AssertionError("no image was found")


def checks_of(
    model: nn.Module, examples: list[Tensor], folder: Path, wrong: nn.Module | None = None
) -> tuple[dict[str, Check], dict[str, Diagnostic]]:
    compiled = torch.jit.script((wrong or model).eval())
    package = convert(compiled, [ConvertedInput("x", tuple(examples[0].shape))], CoreML(), JobContext())
    target, probes, context = loaded(model.eval()), probes_of(examples), JobContext()
    expected = eager_answers(target, "forward", probes, context)
    path, recipe = package.save(folder / "m.mlpackage"), Recipe(model=Model(file="m.py"))
    verdict = check_package(path, target, "forward", probes, expected, recipe, context, compiled=compiled)
    return {check.name: check for check in verdict.checks}, {row.code: row for row in context.diagnostics}


def test_that_a_branch_flipped_by_rounding_is_explained(tmp_path: Path) -> None:
    checks, found = checks_of(ControlFlowNet(), [near_zero(), images(0.5), images(-0.5)], tmp_path)
    assert {check.status for check in checks.values()} == {"passed"}
    assert "rounding decides the branch at line" in (checks["coreml"].reason or "")
    flipped = found["check.flipped-branch"]
    assert flipped.line == ControlFlowNet.forward.__code__.co_firstlineno + 2
    assert "compares" in (flipped.evidence or "")


def test_that_a_condition_turned_round_is_not_put_down_to_rounding(tmp_path: Path) -> None:
    model = ControlFlowNet()
    wrong = OtherWayRound()
    wrong.load_state_dict(model.state_dict())
    checks, found = checks_of(model, [images(0.5), images(-0.5)], tmp_path, wrong)
    assert {check.status for check in checks.values()} == {"failed"}
    assert "check.flipped-branch" not in found


@pytest.mark.parametrize(("means", "is_told"), [((0.5, -0.5), False), ((0.5, 0.2), True), ((-0.5, -0.2), True)])
def test_that_a_branch_that_no_probe_takes_is_told(means: tuple[float, ...], is_told: bool, tmp_path: Path) -> None:
    _, found = checks_of(ControlFlowNet(), [images(mean) for mean in means], tmp_path)
    assert ("check.branch-not-taken" in found) == is_told


def test_that_near_ties_are_settled_the_models_way(tmp_path: Path) -> None:
    x = torch.tensor([[0.5, 3.0, 3.0004, 1.0001, -2.0], [3.0, 1.0, 0.25, 0.2501, 2.0]])
    checks, found = checks_of(Choosing(), [x], tmp_path)
    assert {check.status for check in checks.values()} == {"passed"}
    assert "near ties" in (checks["coreml"].reason or "")
    assert "check.tie" in found


def test_that_a_wrong_choice_is_no_tie(tmp_path: Path) -> None:
    x = torch.tensor([[0.5, 3.0, 4.0, 1.5, -2.0], [3.0, 1.25, 0.25, 0.5, 2.0]])
    checks, found = checks_of(Choosing(), [x], tmp_path, ChoosingTheLeast())
    assert {check.status for check in checks.values()} == {"failed"}
    assert "check.tie" not in found
    assert checks["coreml"].output == "out[0]"
