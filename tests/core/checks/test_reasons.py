"""Where an error comes from: the layer at which it begins, and the operations that float16 breaks."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from exportdesk.core.checks import layers
from exportdesk.core.checks.coreml import PackageVerdict, check_package
from exportdesk.core.checks.layers import layer_errors
from exportdesk.core.checks.package_runs import PackageRuns
from exportdesk.core.checks.probes import eager_answers
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Checks, CoreML, CoreMLOutput, Model, Recipe
from torch import Tensor, nn

from .architectures import ARCHITECTURES, FAULTS
from .converting import converted, loaded, probes_of


class Overflowing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.big = nn.Linear(16, 64), nn.Linear(64, 64)
        self.norm, self.last = nn.LayerNorm(64), nn.Linear(64, 4)
        with torch.no_grad():
            self.big.weight.mul_(2e5)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.norm(self.big(torch.relu(self.first(x)))))


class OverflowingAtTheEnd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.small, self.big = nn.Linear(16, 16), nn.Linear(16, 4)
        with torch.no_grad():
            self.small.weight.mul_(20)
            self.big.weight.mul_(1e5)

    def forward(self, x: Tensor) -> Tensor:
        return self.big(self.small(x))


class Vanishing(nn.Module):
    """Its middle values are too small for float16, its last ones are not."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.tiny, self.last = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 4)
        with torch.no_grad():
            self.first.weight.mul_(1e-3)
            self.tiny.weight.mul_(1e-3)
            self.first.bias.zero_()
            self.tiny.bias.zero_()
            self.last.weight.mul_(1e3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.tiny(self.first(x)) * 1e3)


class Cancelling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid((torch.sin(self.linear(x)) + 500) - 500)


def verdict_of(
    model: nn.Module,
    folder: Path,
    *,
    shape: tuple[int, ...] = (2, 16),
    fault: Callable[[nn.Module], None] | None = None,
    options: CoreML | None = None,
    checks: Checks | None = None,
) -> tuple[PackageVerdict, JobContext]:
    wrong = copy.deepcopy(model)
    if fault is not None:
        with torch.no_grad():
            fault(wrong)
    examples = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    options = options or CoreML(outputs=(CoreMLOutput(name="output"),))
    again = iter(range(10))

    def convert(changed: CoreML) -> Path:
        place = folder / str(next(again))
        place.mkdir()
        return converted(wrong, examples[0], changed, place)

    target, probes, context = loaded(model), probes_of(examples), JobContext()
    expected = eager_answers(target, "forward", probes, context)
    recipe = Recipe(model=Model(file="m.py"), coreml=options, checks=checks or Checks())
    return check_package(convert(options), target, "forward", probes, expected, recipe, context, convert), context


def codes(context: JobContext) -> dict[str, str | None]:
    return {diagnostic.code: diagnostic.module for diagnostic in reversed(context.diagnostics)}


def test_that_a_passing_export_is_not_looked_into(tmp_path: Path) -> None:
    verdict, context = verdict_of(nn.Linear(16, 4).eval(), tmp_path)
    assert verdict.layers == ()
    assert context.diagnostics == ()


def test_that_layers_are_compared_where_the_recipe_asks(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)).eval()
    verdict, _ = verdict_of(model, tmp_path, checks=Checks(layers=True))
    assert [row.module for row in verdict.layers] == ["0", "1", "2", ""]
    assert all(row.float32_relative_error is not None and row.float32_relative_error < 1e-3 for row in verdict.layers)
    assert all(row.largest > 0 and row.elements > 0 and row.psnr_db for row in verdict.layers)


@pytest.mark.parametrize(
    ("fault", "module"),
    [("1 % in a layer norm", "layers.0.norm1"), ("1 % in a group norm", "1"), ("swapped gates of an lstm", "rnn")],
)
def test_that_the_first_wrong_layer_is_named(fault: str, module: str, tmp_path: Path) -> None:
    name, plant = FAULTS[fault]
    kind = ARCHITECTURES[name]
    _, context = verdict_of(kind.model(), tmp_path, shape=kind.shape, fault=plant)
    assert codes(context)["check.first-wrong-layer"] == module


def test_that_layers_come_in_batches_that_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ARCHITECTURES["residual"]
    model, examples = kind.model(), [kind.example(0)]
    target, probes = loaded(model), probes_of(examples)
    expected = eager_answers(target, "forward", probes, JobContext())
    package = converted(model, examples[0], CoreML(), tmp_path)
    runs = PackageRuns(package, target, "forward", probes, expected, CoreML())
    at_once = layer_errors(runs, 0, JobContext())
    monkeypatch.setattr(layers, "BATCH_BYTES", 1)
    assert layer_errors(runs, 0, JobContext()) == at_once
    assert not any(module._forward_hooks for module in model.modules())


def test_that_each_call_of_a_shared_module_has_a_row(tmp_path: Path) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(16, 16)

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(torch.tanh(self.linear(x)))

    verdict, _ = verdict_of(Twice().eval(), tmp_path, checks=Checks(layers=True))
    assert [(row.module, row.call) for row in verdict.layers] == [("linear", 0), ("linear", 1), ("", 0)]
    assert verdict.layers[0].value != verdict.layers[1].value


@pytest.mark.parametrize("make", [Overflowing, OverflowingAtTheEnd])
def test_that_an_overflow_is_named_and_one_operation_in_float32_repairs_it(
    make: Callable[[], nn.Module], tmp_path: Path
) -> None:
    model = make().eval()
    verdict, context = verdict_of(model, tmp_path)
    assert [check.status for check in verdict.checks] == ["failed", "passed"]
    assert codes(context)["fp16.overflow"] == "big"
    suggestion = verdict.suggestion
    assert suggestion is not None
    assert len(suggestion.operations) == 1
    assert suggestion.is_verified
    assert list(suggestion.modules.values()) == ["big"]
    options = CoreML(outputs=(CoreMLOutput(name="output"),), float32_operations=suggestion.operations)
    (tmp_path / "repaired").mkdir()
    repaired, _ = verdict_of(model, tmp_path / "repaired", options=options)
    assert [check.status for check in repaired.checks] == ["passed", "passed"]


def test_that_values_too_small_for_float16_are_named(tmp_path: Path) -> None:
    _, context = verdict_of(Vanishing().eval(), tmp_path)
    assert codes(context)["fp16.underflow"] == "tiny"


def test_that_a_constant_too_small_for_float16_is_named(tmp_path: Path) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(16, 4)

        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(self.linear(x) * 3e4 / 3.3e8 * 2e4)

    verdict, context = verdict_of(Scaled().eval(), tmp_path)
    assert "failed" in {check.status for check in verdict.checks}
    told = [row.message for row in context.diagnostics if row.code == "fp16.underflow"]
    assert any("has the constant" in message for message in told)


def test_that_the_operation_that_loses_precision_is_named_and_repaired(tmp_path: Path) -> None:
    verdict, context = verdict_of(Cancelling().eval(), tmp_path)
    assert "fp16.precision" in codes(context)
    assert verdict.suggestion is not None
    assert verdict.suggestion.is_verified
    assert len(verdict.suggestion.operations) == 1


def test_that_what_could_not_be_found_out_fails_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from exportdesk.core.checks import reasons
    from exportdesk.core.errors import fail

    monkeypatch.setattr(reasons, "layer_errors", lambda *arguments: fail("mil.operation-failed", "It broke."))
    verdict, context = verdict_of(nn.Linear(16, 4).eval(), tmp_path, checks=Checks(layers=True))
    assert [check.status for check in verdict.checks] == ["passed", "passed"]
    assert [diagnostic.code for diagnostic in context.diagnostics] == ["check.no-reasons"]
