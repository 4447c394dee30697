"""What a package can have besides tensors: pictures, labels, states, several functions, flexible shapes, other types."""

import json
from pathlib import Path

import coremltools as ct
import numpy as np
import pytest
import torch
from coremltools.converters.mil.mil import Builder as mb
from coremltools.converters.mil.mil import types
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.float32_search import suggest_float32
from exportdesk.core.mil.precision import activation_ranges, rounding_report
from exportdesk.core.mil.scopes import METADATA_KEY, module_map
from PIL import Image

pytestmark = [
    # coremltools leaves temporary folders to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"),
    # It tells that it renamed outputs, and torch that a tensor is made in forward.
    pytest.mark.filterwarnings("ignore:Output, ", "ignore::torch.jit.TracerWarning"),
]


def convert(program, folder: Path, **options) -> Path:
    path = folder / f"{options.pop('file', 'model')}.mlpackage"
    options.setdefault("minimum_deployment_target", ct.target.iOS18)
    options.setdefault("compute_precision", ct.precision.FLOAT32)
    ct.convert(program, skip_model_load=True, package_dir=str(path), **options)
    return path


class Tint(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.tensor([1.0, 0.5, 0.25]).reshape(1, 3, 1, 1)


@pytest.mark.parametrize("layout", ["RGB", "BGR"])
def test_that_a_picture_goes_in_and_comes_out_with_scale_and_bias_applied_once(tmp_path: Path, layout: str) -> None:
    traced = torch.jit.trace(Tint().eval(), torch.rand(1, 3, 4, 5))
    path = convert(
        traced,
        tmp_path,
        inputs=[ct.ImageType(name="x", shape=(1, 3, 4, 5), scale=0.5, bias=[10, 0, 0], color_layout=layout)],
        outputs=[ct.ImageType(name="y", color_layout=layout)],
    )
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    result = ReferenceModel(path).predict({"x": Image.fromarray(pixels)})["y"]
    in_order = pixels if layout == "RGB" else pixels[..., ::-1]
    expected = (in_order * 0.5 + np.array([10, 0, 0])) * [1, 0.5, 0.25]
    expected = expected if layout == "RGB" else expected[..., ::-1]
    np.testing.assert_array_equal(result, np.clip(np.rint(expected), 0, 255).astype(np.uint8))
    # The same picture in other forms.
    again = ReferenceModel(path).predict({"x": pixels})["y"]
    np.testing.assert_array_equal(again, result)
    with pytest.raises(ExportDeskError, match="4 x 5 pixels"):
        ReferenceModel(path).predict({"x": Image.new("RGB", (4, 5))})


def test_that_a_grey_picture_is_made_from_a_coloured_one(tmp_path: Path) -> None:
    traced = torch.jit.trace(torch.nn.ReLU().eval(), torch.rand(1, 1, 4, 4))
    path = convert(
        traced,
        tmp_path,
        inputs=[ct.ImageType(name="x", shape=(1, 1, 4, 4), color_layout="G")],
        outputs=[ct.TensorType(name="y")],
    )
    result = ReferenceModel(path).predict({"x": Image.new("RGB", (4, 4), (255, 255, 255))})["y"]
    np.testing.assert_array_equal(result, np.full((1, 1, 4, 4), 255.0))
    with pytest.raises(ExportDeskError, match="0 to 255"):
        ReferenceModel(path).predict({"x": Image.fromarray(np.full((4, 4), 40_000, np.uint16))})


@pytest.mark.parametrize("labels", [["cat", "dog", "owl"], [7, 8, 9]])
def test_that_a_classifier_gives_its_label_and_the_probability_of_each(tmp_path: Path, labels: list) -> None:
    traced = torch.jit.trace(torch.nn.Softmax(-1).eval(), torch.rand(1, 3))
    path = convert(
        traced, tmp_path, inputs=[ct.TensorType(name="x", shape=(1, 3))], classifier_config=ct.ClassifierConfig(labels)
    )
    result = ReferenceModel(path).predict({"x": np.array([[0.0, 2.0, 1.0]], np.float32)})
    assert result["classLabel"] == labels[1]
    (probabilities,) = [value for value in result.values() if isinstance(value, dict)]
    np.testing.assert_allclose(
        [probabilities[label] for label in labels], torch.softmax(torch.tensor([0.0, 2, 1]), 0), rtol=1e-6
    )


class Counter(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(3, dtype=torch.float16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.total.add_(x)
        return self.total * 2


@pytest.fixture(scope="module")
def counter(tmp_path_factory) -> Path:
    traced = torch.jit.trace(Counter().eval(), torch.rand(3, dtype=torch.float16), check_trace=False)
    return convert(
        traced,
        tmp_path_factory.mktemp("counter"),
        inputs=[ct.TensorType(name="x", shape=(3,), dtype=np.float16)],
        outputs=[ct.TensorType(name="y", dtype=np.float16)],
        states=[ct.StateType(ct.TensorType(shape=(3,), dtype=np.float16), name="total")],
        compute_precision=ct.precision.FLOAT16,
    )


def test_that_a_state_is_kept_between_runs_and_belongs_to_its_owner(counter: Path) -> None:
    model = ReferenceModel(counter)
    state, other = model.make_state(), model.make_state()
    x = np.array([1, 2, 3], np.float16)
    assert model.predict({"x": x}, state)["y"].tolist() == [2, 4, 6]
    assert model.predict({"x": x}, state=state)["y"].tolist() == [4, 8, 12]
    assert state.read_state("total").tolist() == [2, 4, 6]
    assert model.predict({"x": x}, other)["y"].tolist() == [2, 4, 6]
    state.write_state("total", np.array([10, 10, 10]))
    assert model.predict({"x": x}, state)["y"].tolist() == [22, 24, 26]


def test_that_wrong_uses_of_a_state_are_errors_of_the_call(counter: Path) -> None:
    model = ReferenceModel(counter)
    state = model.make_state()
    for action, code in [
        (lambda: model.predict({"x": np.ones(3)}), "call.state-missing"),
        (lambda: state.read_state("other"), "call.unknown-state"),
        (lambda: state.write_state("total", np.ones(4)), "call.state-shape"),
    ]:
        with pytest.raises(ExportDeskError) as caught:
            action()
        assert caught.value.failure.code == code


def test_that_each_function_of_a_package_runs_by_its_name(tmp_path: Path) -> None:
    example = torch.rand(2)
    for name, module in (("plus", Plus(1.0)), ("more", Plus(5.0))):
        convert(
            torch.jit.trace(module.eval(), example),
            tmp_path,
            file=name,
            inputs=[ct.TensorType(name="x", shape=(2,))],
            outputs=[ct.TensorType(name="y")],
        )
    description = ct.utils.MultiFunctionDescriptor()
    description.add_function(str(tmp_path / "plus.mlpackage"), "main", "plus")
    description.add_function(str(tmp_path / "more.mlpackage"), "main", "more")
    description.default_function_name = "plus"
    ct.utils.save_multifunction(description, str(tmp_path / "both.mlpackage"))
    x = {"x": np.zeros(2, np.float32)}
    assert ReferenceModel(tmp_path / "both.mlpackage").predict(x)["y"].tolist() == [1, 1]
    assert ReferenceModel(tmp_path / "both.mlpackage", function="more").predict(x)["y"].tolist() == [5, 5]
    with pytest.raises(ExportDeskError, match="no function"):
        ReferenceModel(tmp_path / "both.mlpackage", function="less")


class Plus(torch.nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((2,), value))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight


def test_that_flexible_shapes_take_what_they_allow_and_nothing_else(tmp_path: Path) -> None:
    traced = torch.jit.trace(torch.nn.Conv1d(2, 2, 3).eval(), torch.rand(1, 2, 8))
    ranged = convert(
        traced, tmp_path, file="ranged", inputs=[ct.TensorType(name="x", shape=(1, 2, ct.RangeDim(4, 16, default=8)))]
    )
    listed = convert(
        traced,
        tmp_path,
        file="listed",
        inputs=[ct.TensorType(name="x", shape=ct.EnumeratedShapes([(1, 2, 8), (1, 2, 12)]))],
    )
    for path, good, bad in ((ranged, (4, 8, 16), (3, 17)), (listed, (8, 12), (10,))):
        model = ReferenceModel(path)
        for size in good:
            (result,) = model.predict({"x": np.zeros((1, 2, size), np.float32)}).values()
            assert result.shape == (1, 2, size - 2)
        for size in bad:
            with pytest.raises(ExportDeskError, match="shape") as caught:
                model.predict({"x": np.zeros((1, 2, size), np.float32)})
            assert caught.value.failure.code == "call.input-shape"


def test_that_whole_numbers_must_be_whole_and_fit(tmp_path: Path) -> None:
    class Pick(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    traced = torch.jit.trace(Pick().eval(), torch.ones(2, dtype=torch.int32))
    path = convert(
        traced,
        tmp_path,
        inputs=[ct.TensorType(name="x", shape=(2,), dtype=np.int32)],
        outputs=[ct.TensorType(name="y")],
    )
    model = ReferenceModel(path)
    assert model.predict({"x": np.array([3, 4], np.int64)})["y"].tolist() == [6, 8]
    for value in ([0.5, 1], [2**31, 1]):
        with pytest.raises(ExportDeskError):
            model.predict({"x": np.array(value)})


class Residual(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x)) + x
        return x


@pytest.fixture(scope="module")
def residual():
    module = Residual().eval()
    return module, torch.jit.trace(module, torch.rand(1, 4))


def test_that_programs_in_memory_run_without_being_saved(residual) -> None:
    module, traced = residual
    options = {"inputs": [ct.TensorType(name="x", shape=(1, 4))], "outputs": [ct.TensorType(name="y")]}
    x = torch.rand(1, 4)
    for kind in ("mlprogram", "milinternal"):
        program = ct.convert(
            traced, convert_to=kind, skip_model_load=True, minimum_deployment_target=ct.target.iOS17, **options
        )
        sources = [program, program._mil_program] if kind == "mlprogram" else [program]
        for source in sources:
            result = ReferenceModel(source).predict({"x": x.numpy()})["y"]
            np.testing.assert_allclose(result, module(x).detach(), atol=2e-3)


def test_that_values_are_traced_to_their_modules_in_memory_and_in_a_package(residual, tmp_path: Path) -> None:
    module, traced = residual
    model = ct.convert(
        traced, inputs=[ct.TensorType(name="x", shape=(1, 4))], convert_to="mlprogram", skip_model_load=True
    )
    paths = tuple(path for path, _ in module.named_modules() if path)
    found = module_map(model, paths)
    assert set(found.values()) == {"layers.0", "layers.1", ""}
    rows = activation_ranges(model, {"x": np.ones((1, 4), np.float32)})
    assert {row.module for row in rows if row.operation == "linear"} == {"0", "1"}
    model.user_defined_metadata[METADATA_KEY] = json.dumps(found)
    model.save(str(tmp_path / "m.mlpackage"))
    rows = activation_ranges(tmp_path / "m.mlpackage", {"x": np.ones((1, 4), np.float32)})
    assert {row.module for row in rows if row.operation == "linear"} == {"layers.0", "layers.1"}


@mb.program(input_specs=[mb.TensorSpec(shape=(4,), dtype=types.fp16)], opset_version=ct.target.iOS17)
def overflowing(x):
    big = mb.mul(x=x, y=np.float16(60000), name="big")
    return mb.mul(x=big, y=np.float16(0.001), name="small_again")


def test_that_an_overflow_is_named_with_its_value(tmp_path: Path) -> None:
    data = {"x": np.array([0, 1, 2, 1e-4], np.float16)}
    ranges = {row.name: row for row in activation_ranges(overflowing, data)}
    assert ranges["big"].overflowing == 1
    assert ranges["big"].largest == pytest.approx(120000, rel=1e-3)
    report = rounding_report(overflowing, data)
    assert report.first_overflow == "big"
    assert report.diverged_at is None


@mb.program(input_specs=[mb.TensorSpec(shape=(2,), dtype=types.fp16)], opset_version=ct.target.iOS17)
def deciding(x):
    small = mb.add(x=x, y=np.float16(1.0), name="small")
    back = mb.sub(x=small, y=np.float16(1.0), name="back")
    mean = mb.reduce_mean(x=back, keep_dims=False, name="mean")
    is_positive = mb.greater(x=mean, y=np.float16(0), name="is_positive")
    return mb.cond(
        pred=is_positive, _true_fn=lambda: mb.mul(x=x, y=np.float16(2)), _false_fn=lambda: mb.exp(x=x), name="y"
    )


def test_that_a_branch_that_rounding_flips_is_named_instead_of_compared() -> None:
    report = rounding_report(deciding, {"x": np.array([1e-4, 1e-4], np.float16)})
    assert report.diverged_at == "is_positive"
    assert [row.name for row in report.rows if row.differs][:1] == ["small"]


def test_that_float32_precision_computes_without_rounding_to_half() -> None:
    data = {"x": np.array([1e-4, 1e-4], np.float16)}
    rounded = ReferenceModel(deciding).predict(data)["y"]
    exact = ReferenceModel(deciding, precision="float32").predict(data)["y"]
    np.testing.assert_allclose(rounded.astype(np.float32), np.exp([1e-4, 1e-4]), rtol=1e-3)
    np.testing.assert_allclose(exact, [2e-4, 2e-4], rtol=1e-3)


@mb.program(input_specs=[mb.TensorSpec(shape=(4,), dtype=types.fp16)], opset_version=ct.target.iOS17)
def scaled_up_and_down(x):
    first = mb.tanh(x=x, name="first")
    big = mb.mul(x=first, y=np.float16(60000), name="big")
    bigger = mb.add(x=big, y=big, name="bigger")
    back = mb.mul(x=bigger, y=np.float16(1e-5), name="back")
    return mb.sigmoid(x=back, name="last")


@mb.program(input_specs=[mb.TensorSpec(shape=(4,), dtype=types.fp16)], opset_version=ct.target.iOS17)
def overflowing_at_the_end(x):
    return mb.cast(x=mb.exp(x=mb.tanh(x=mb.mul(x=x, y=np.float16(9)), name="squashed"), name="y"), dtype="fp32")


@mb.program(input_specs=[mb.TensorSpec(shape=(64,), dtype=types.fp16)], opset_version=ct.target.iOS17)
def cancelling(x):
    shifted = mb.add(x=mb.sin(x=x, name="wave"), y=np.float16(1000), name="shifted")
    back = mb.sub(x=shifted, y=np.float16(1000), name="back")
    return mb.sigmoid(x=back, name="y")


def test_that_the_operation_that_overflows_is_suggested_for_float32() -> None:
    found = suggest_float32(scaled_up_and_down, [{"x": np.array([0.1, 1, 2, -3], np.float16)}], threshold_db=50)
    assert found.operations == ("bigger",)
    assert found.psnr_before_db is None or found.psnr_before_db < 50
    assert found.is_enough


def test_that_the_operation_before_a_cancellation_is_suggested_for_float32() -> None:
    x = np.random.default_rng(0).normal(size=64).astype(np.float16)
    found = suggest_float32(cancelling, [{"x": x}], threshold_db=55)
    assert found.operations == ("shifted",)
    assert found.psnr_before_db < 40 < 55 < found.psnr_after_db


def test_that_nothing_is_suggested_where_nothing_is_needed() -> None:
    found = suggest_float32(overflowing_at_the_end, [{"x": np.array([0.1, 1, 2, -3], np.float16)}], threshold_db=50)
    assert found.operations == ()
    assert found.is_enough


def test_that_an_unreachable_threshold_is_said_to_be_out_of_reach() -> None:
    x = np.random.default_rng(0).normal(size=64).astype(np.float16)
    found = suggest_float32(cancelling, [{"x": x}], threshold_db=500)
    assert not found.is_enough
