"""All that stands in the way is found at once, each with its module, line and remedy, before anything is converted."""

import inspect
from typing import Any

import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.preflight import preflight
from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")
X = ConvertedInput("x", (2, 4))


class First(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.i0(x)  # first


class Second(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = torch.special.i1(x)  # second
        return torch.i0(x)


class Both(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = First(), Second()

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


def found_in(module: nn.Module, *inputs: ConvertedInput, scripted: bool = False) -> list[Diagnostic]:
    module = module.eval()
    examples = tuple(torch.rand(2, 4) for _ in inputs or (X,))
    compiled = torch.jit.script(module) if scripted else torch.jit.trace(module, examples, check_trace=False)
    found = preflight(compiled, inputs or (X,))
    return [item for item in found if item.code != "convert.untested-versions"]


@pytest.mark.parametrize("scripted", [False, True])
def test_that_every_operation_without_translation_is_listed_with_its_place(scripted: bool) -> None:
    found = found_in(Both(), scripted=scripted)
    places = {(item.message.split("'")[1], item.module, item.source) for item in found}
    assert places == {
        ("i0", "first", "return torch.i0(x)  # first"),
        ("special_i1", "second", "x = torch.special.i1(x)  # second"),
    }
    assert all(item.severity is Severity.ERROR and item.file == __file__ and item.hint for item in found)
    first_line = inspect.getsourcelines(First)[1] + 2
    assert found[0].line == first_line


def test_that_a_blocked_conversion_reports_all_and_converts_nothing() -> None:
    context = JobContext()
    compiled = torch.jit.script(Both().eval())
    with pytest.raises(ExportDeskError, match="And 1 more") as raised:
        convert(compiled, [X], CoreML(), context)
    assert raised.value.failure.code == "convert.unsupported-operation"
    assert raised.value.failure.module == "first"
    assert sum(item.code == "convert.unsupported-operation" for item in context.diagnostics) == 2


class Function(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Dictionary(nn.Module):
    def forward(self, x: Tensor) -> dict[int, Tensor]:
        return {x.dim() + 1: x + 1}


class Text(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, str]:
        return x + 1, "done"


class InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x[:, 0].mul_(2)
        return x + 1


class Buffers(nn.Module):
    def __init__(self, buffer: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", buffer)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table.to(x.dtype)


@pytest.mark.parametrize(
    ("module", "scripted", "code", "severity"),
    [
        (Dictionary(), True, "convert.dict-output", Severity.ERROR),
        (Function(torch.fft.fft), False, "convert.complex-output", Severity.ERROR),
        (InPlace(), True, "convert.in-place-on-input", Severity.WARNING),
        (Buffers(torch.tensor([2**40, 1, 2, 3])), False, "convert.int64-overflow", Severity.ERROR),
        (Buffers(torch.tensor([2**63 - 1, 1, 2, 3])), False, "convert.int64-overflow", Severity.WARNING),
        (Buffers(torch.rand(4).bfloat16()), False, "convert.unsupported-dtype", Severity.ERROR),
        (Function(lambda x: (x.long() * (2**40)).float()), False, "convert.int64-overflow", Severity.ERROR),
        (Function(lambda x: x.view(1, 1, 1, 1, 2, 4).sum(4)), False, "convert.rank", Severity.NOTE),
    ],
)
def test_that_what_core_ml_lacks_is_found(module: nn.Module, scripted: bool, code: str, severity: Severity) -> None:
    found = found_in(module, scripted=scripted)
    assert [(item.code, item.severity) for item in found] == [(code, severity)]
    assert found[0].hint


def test_that_text_among_the_outputs_is_found() -> None:
    codes = [item.code for item in found_in(Text(), scripted=True)]
    assert "convert.text-output" in codes


def test_that_a_good_model_passes_and_slices_to_the_end_are_no_overflow() -> None:
    assert found_in(Function(lambda x: x[:, 1:].clone().add_(1))) == []


class Refusing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.max() > 10):
            raise ValueError("too large")
        return nn.functional.batch_norm(x, torch.zeros(4), torch.ones(4))


def test_that_an_error_of_the_model_is_said_to_be_left_out() -> None:
    found = [item for item in found_in(Refusing(), scripted=True) if item.code == "convert.check-left-out"]
    assert [item.source for item in found] == ['raise ValueError("too large")']


class Endless(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while True:
            x = x * 1.5
            if bool(x.sum() > 10):
                break
        return x


def test_that_a_loop_without_a_limit_is_no_overflow() -> None:
    assert not [item for item in found_in(Endless(), scripted=True) if item.code == "convert.int64-overflow"]


class Branch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.is_rare = False

    def forward(self, x: Tensor) -> Tensor:
        if self.is_rare:
            x = torch.i0(x)
        return x + 1


def test_that_an_operation_in_a_branch_is_left_to_the_converter() -> None:
    found = found_in(Branch(), scripted=True)
    assert all(item.severity is Severity.WARNING for item in found)
