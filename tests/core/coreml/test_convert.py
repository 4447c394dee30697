"""A compiled model becomes a package, quietly, cancellably, and with located failures."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.summary import summarise
from exportdesk.core.coreml.toolkit import coremltools
from exportdesk.core.errors import Cancelled, ExportDeskError
from exportdesk.core.events import AnyEvent, ProgressMade
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML, CoreMLOutput, RangeDimension
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


class Unsupported(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.i0(x)  # the line


class Outer(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList([Block(), inner])

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x


X = ConvertedInput("x", (2, 4))
X_VALUE = torch.rand(2, 4)
COMPILERS: dict[str, Callable[[nn.Module], torch.jit.ScriptModule]] = {
    "trace": lambda module: torch.jit.trace(module.eval(), torch.rand(2, 4)),
    "script": lambda module: torch.jit.script(module.eval()),
}


def test_that_a_package_is_moved_to_its_place_and_summarised(tmp_path: Path) -> None:
    options = CoreML(outputs=(CoreMLOutput(name="scores"),))
    converted = convert(COMPILERS["trace"](Block()), [X], options, JobContext(), staging=tmp_path)
    made_at = Path(converted.model.package_path)

    package = converted.save(tmp_path / "model.mlpackage")

    assert made_at.parent == tmp_path
    assert not made_at.exists()
    summary = summarise(package, options)
    assert [(item.name, item.dtype, item.shape) for item in summary.inputs] == [("x", "float16", ("2", "4"))]
    assert [(item.name, item.dtype, item.shape) for item in summary.outputs] == [("scores", "float16", ("2", "4"))]
    assert summary.operations["linear"] == 2
    assert summary.minimum_deployment_target == "iOS17"
    assert summary.precision == "float16"
    assert summary.size_bytes == sum(file.stat().st_size for file in package.rglob("*") if file.is_file())
    metadata = coremltools().utils.load_spec(str(package)).description.metadata.userDefined
    assert metadata["com.github.apple.coremltools.source_dialect"] == "TorchScript"


def test_that_a_neural_network_is_one_file(tmp_path: Path) -> None:
    options = CoreML(convert_to="neuralnetwork", precision="float32", minimum_deployment_target="iOS14")
    converted = convert(COMPILERS["trace"](Block()), [X], options, JobContext())
    file = converted.save(tmp_path / "model.mlpackage")
    assert file.name == "model.mlmodel"
    assert summarise(file).minimum_deployment_target == "iOS13", "it uses nothing that iOS 13 lacks"


def test_that_flexible_shapes_are_in_the_package(tmp_path: Path) -> None:
    module = COMPILERS["trace"](Block())
    ranged = ConvertedInput("x", (RangeDimension(min=1, max=8, default=2), 4))
    listed = ConvertedInput("x", ((1, 2, 8), 4))
    first = convert(module, [ranged], CoreML(), JobContext()).save(tmp_path / "ranged.mlpackage")
    second = convert(module, [listed], CoreML(), JobContext()).save(tmp_path / "listed.mlpackage")
    assert summarise(first).inputs[0].shape == ("1..8", "4")
    assert summarise(first).outputs[0].shape == ("?", "4")
    assert summarise(second).inputs[0].shape == ("1 | 2 | 8", "4")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_that_converting_leaves_the_compiled_module_as_it_was(compiler: str) -> None:
    module = COMPILERS[compiler](Outer(Block()))
    before = str(module.graph), module.code
    convert(module, [X], CoreML(), JobContext()).discard()
    assert (str(module.graph), module.code) == before


@pytest.mark.parametrize("compiler", COMPILERS)
def test_that_an_operation_without_converter_is_named_with_module_and_line(compiler: str) -> None:
    module = COMPILERS[compiler](Outer(Unsupported()))
    with pytest.raises(ExportDeskError) as raised:
        convert(module, [X], CoreML(), JobContext())
    failure = raised.value.failure
    source, first = inspect.getsourcelines(Unsupported)
    assert failure.code == "convert.unsupported-operation"
    assert "'i0'" in failure.message
    assert failure.module == "parts.1"
    assert failure.file == __file__
    assert failure.line == first + next(index for index, text in enumerate(source) if "# the line" in text)


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveMaxPool3d(1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.view(1, 1, 2, 2, 2)
        return self.pool(x)  # the call


@pytest.mark.parametrize("compiler", COMPILERS)
def test_that_a_failure_within_torch_is_located_at_the_users_call(compiler: str) -> None:
    with pytest.raises(ExportDeskError) as raised:
        convert(COMPILERS[compiler](Outer(Pooled())), [X], CoreML(), JobContext())
    source, first = inspect.getsourcelines(Pooled)
    failure = raised.value.failure
    assert (failure.module, failure.file) == ("parts.1.pool", __file__)
    assert failure.line == first + next(index for index, text in enumerate(source) if "# the call" in text)


def test_that_nothing_is_printed_and_progress_rises(capfd: pytest.CaptureFixture[str]) -> None:
    coremltools()
    events: list[AnyEvent] = []
    convert(COMPILERS["script"](Block()), [X], CoreML(), JobContext(emit=events.append)).discard()
    fractions = [event.fraction for event in events if isinstance(event, ProgressMade)]
    assert capfd.readouterr() == ("", "")
    assert fractions == sorted(fractions, key=lambda fraction: fraction or 0.0)
    assert fractions[-1] == 1.0
    assert len(fractions) > 50


def test_that_a_cancel_ends_the_conversion_and_leaves_nothing_behind(tmp_path: Path) -> None:
    def cancel_in_the_passes(event: AnyEvent) -> None:
        if isinstance(event, ProgressMade) and event.detail.startswith("optimising 30 "):
            context.cancel()

    context = JobContext(emit=cancel_in_the_passes)
    module = COMPILERS["trace"](Block())
    with pytest.raises(Cancelled):
        convert(module, [X], CoreML(), context, staging=tmp_path)
    assert list(tmp_path.iterdir()) == []
    convert(module, [X], CoreML(), JobContext(), staging=tmp_path).save(tmp_path / "after.mlpackage")


class Ids(nn.Module):
    def forward(self, ids: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        return ids + 1, x * 2


def test_that_what_coremltools_logs_becomes_diagnostics_once() -> None:
    module = torch.jit.trace(Ids().eval(), (torch.zeros(1, 4, dtype=torch.int64), torch.rand(1, 4)))
    context = JobContext()
    for _ in range(2):
        inputs = [ConvertedInput("ids", (1, 4), "int64"), ConvertedInput("x.1", (1, 4))]
        convert(module, inputs, CoreML(), context).discard()
    codes = sorted(diagnostic.code for diagnostic in context.diagnostics)
    assert codes == [
        "convert.flattened-tuple",
        "convert.int64-to-int32",
        "convert.renamed-input",
        "convert.renamed-output",
        "convert.renamed-output",
        "convert.untested-versions",
    ]


def test_that_a_wrong_number_of_outputs_is_a_wrong_recipe() -> None:
    options = CoreML(outputs=(CoreMLOutput(name="a"), CoreMLOutput(name="b")))
    with pytest.raises(ExportDeskError) as raised:
        convert(COMPILERS["trace"](Block()), [X], options, JobContext())
    assert raised.value.failure.code == "recipe.output-count"


def test_that_a_wrong_number_of_inputs_is_a_wrong_recipe() -> None:
    with pytest.raises(ExportDeskError) as raised:
        convert(COMPILERS["script"](Ids()), [X], CoreML(), JobContext())
    assert raised.value.failure.code == "recipe.input-count"
    assert "'x'" in (raised.value.failure.hint or "")


class Optional(nn.Module):
    def forward(self, x: Tensor, double: bool = True, extra: Tensor | None = None) -> Tensor:
        y = x + 1
        if double:
            y = y * 2
        if extra is not None:
            y = y - extra
        return y


def test_that_fixed_and_left_out_arguments_become_part_of_the_model(tmp_path: Path) -> None:
    module = torch.jit.script(Optional().eval())
    plain = convert(module, [X], CoreML(), JobContext()).save(tmp_path / "a.mlpackage")
    fixed = [X, ConvertedInput("double", is_value=True, value=False)]
    single = convert(module, fixed, CoreML(), JobContext()).save(tmp_path / "b.mlpackage")
    assert summarise(plain).operations == {"add": 1, "mul": 1}
    assert summarise(single).operations == {"add": 1}


def test_that_functions_and_other_methods_are_converted(tmp_path: Path) -> None:
    class TwoMethods(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + 1

        def encode(self, x: Tensor) -> Tensor:
            return x.tanh()

    x = torch.rand(2, 4)
    function = torch.jit.trace(lambda a: 2 * a, (x,))
    module = torch.jit.trace_module(TwoMethods().eval(), {"forward": x, "encode": x})
    of_function = convert(function, [X], CoreML(), JobContext()).save(tmp_path / "function.mlpackage")
    of_method = convert(module, [X], CoreML(), JobContext(), method="encode").save(tmp_path / "method.mlpackage")
    assert summarise(of_function).operations == {"mul": 1}
    assert summarise(of_method).operations == {"tanh": 1}


def test_that_nested_arguments_are_flattened(tmp_path: Path) -> None:
    class Pair(nn.Module):
        def forward(self, pair: tuple[Tensor, Tensor], z: Tensor) -> Tensor:
            return pair[0] + pair[1] * z

    x = torch.rand(2, 4)
    module = torch.jit.trace(Pair().eval(), ((x, x), x))
    inputs = [ConvertedInput("pair", items=(ConvertedInput("a", (2, 4)), ConvertedInput("b", (2, 4)))), X]
    package = convert(module, inputs, CoreML(), JobContext()).save(tmp_path / "pair.mlpackage")
    assert [item.name for item in summarise(package).inputs] == ["a", "b", "x"]


def test_that_a_system_without_coremltools_gets_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(ExportDeskError) as raised:
        convert(COMPILERS["trace"](Block()), [X], CoreML(), JobContext())
    assert raised.value.failure.code == "convert.unavailable"
    assert "Windows" in (raised.value.failure.hint or "")


class Inner(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"one": x + 1, "two": x * 2}


class Dictionaries(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        found = self.inner(x)
        return found["two"].tanh(), {"b": found["one"], "a": x.exp()}


@pytest.mark.parametrize("compiler", ["script", "trace"])
def test_that_returned_dictionaries_become_outputs_in_their_order(compiler: str, tmp_path: Path) -> None:
    module = Dictionaries().eval()
    compiled = torch.jit.script(module) if compiler == "script" else torch.jit.trace(module, X_VALUE, strict=False)
    package = convert(compiled, [X], CoreML(precision="float32"), JobContext()).save(tmp_path / "model.mlpackage")
    answers = list(ReferenceModel(package).predict({"x": X_VALUE.numpy()}).values())
    tanh, both = module(X_VALUE)
    for answer, expected in zip(answers, [tanh, *both.values()], strict=True):
        torch.testing.assert_close(torch.from_numpy(answer), expected)
