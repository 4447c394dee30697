"""Pictures, classifiers, states, outputs, metadata and compression, each in the package and in its numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.images import from_pixels, preprocessing, to_pixels
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.summary import summarise
from exportdesk.core.coreml.toolkit import coremltools
from exportdesk.core.diagnostics import Diagnostic
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import (
    CoreML,
    CoreMLClassifier,
    CoreMLCompression,
    CoreMLImage,
    CoreMLInput,
    CoreMLMetadata,
    CoreMLOutput,
    RangeDimension,
)
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")

PICTURE = ConvertedInput("picture", (1, 3, 8, 6))
IMAGENET = CoreMLImage(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Pixels(nn.Module):
    """Hands on what it sees of each pixel, and the mean of each channel."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * 1.0, x.mean((2, 3)).softmax(1)


def converted(
    module: nn.Module, inputs: list[ConvertedInput], options: CoreML, folder: Path
) -> tuple[Path, tuple[Diagnostic, ...]]:
    examples = tuple(torch.rand(tuple(size for size in item.shape if isinstance(size, int))) for item in inputs)
    if any(isinstance(size, RangeDimension) for item in inputs for size in item.shape):
        examples = (torch.rand(1, 3, 8, 6),)
    compiled = torch.jit.trace(module.eval(), examples, check_trace=False)
    context = JobContext()
    package = convert(compiled, inputs, options, context, folder=folder).save(folder / "model.mlpackage")
    return package, context.diagnostics


def float32(**options: Any) -> CoreML:
    return CoreML(precision="float32", **options)


@pytest.mark.parametrize("exact", [False, True])
def test_that_the_model_sees_mean_and_std_within_the_stated_error(exact: bool, tmp_path: Path) -> None:
    image = CoreMLImage(mean=IMAGENET.mean, std=IMAGENET.std, exact=exact)
    options = float32(inputs={"picture": CoreMLInput(image=image)})
    package, notes = converted(Pixels(), [PICTURE], options, tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 6, 3)).astype(np.uint8)
    seen = next(iter(ReferenceModel(package).predict({"picture": pixels}).values()))
    wanted = from_pixels(pixels.transpose(2, 0, 1)[None].astype(np.float64), image)
    stated = preprocessing(image).largest_error
    assert np.abs(seen - wanted).max() <= stated + 1e-5
    assert stated == (0.0 if exact else pytest.approx((1 / 0.224 - 1 / 0.229) / 4))
    [feature] = summarise(package).inputs
    assert (feature.kind, feature.dtype, feature.shape) == ("image", "RGB", ("8", "6"))
    [note] = [note for note in notes if note.code == "convert.image-input"]
    assert "8 x 6 pixels" in note.message
    assert ("exactly" in note.message) is exact


def test_that_the_same_std_everywhere_has_no_error() -> None:
    done = preprocessing(CoreMLImage(mean=(0.5,), std=(0.5,)))
    assert done.scale == pytest.approx(2 / 255)
    assert done.bias == pytest.approx((-1, -1, -1))
    assert done.largest_error == 0.0
    assert preprocessing(CoreMLImage(mean=(127.5,), std=(127.5,), white=255)).scale == pytest.approx(2 / 255)


def test_that_no_other_scale_and_bias_has_a_smaller_largest_error() -> None:
    image = CoreMLImage(mean=(0.1, 0.2, 0.3), std=(0.2, 0.5, 1.0))
    pixels = np.arange(256.0).reshape(1, 1, 1, 256).repeat(3, 1)
    wanted = from_pixels(pixels, image)
    best = preprocessing(image)
    for scale in np.linspace(best.scale * 0.8, best.scale * 1.2, 41):
        rest = wanted - scale * pixels
        error = max(np.ptp(rest[0, channel]) / 2 for channel in range(3))
        assert error >= best.largest_error - 1e-9


def test_that_pixels_survive_the_way_to_the_model_and_back() -> None:
    pixels = np.arange(192.0).reshape(1, 3, 8, 8)
    assert (to_pixels(from_pixels(pixels, IMAGENET), IMAGENET) == pixels).all()


def test_that_a_grey_picture_of_flexible_size_is_one_channel(tmp_path: Path) -> None:
    class Grey(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3))

    size = RangeDimension(min=4, max=32, default=8)
    item = ConvertedInput("grey", (1, 1, size, size))
    compiled = torch.jit.trace(Grey().eval(), torch.rand(1, 1, 8, 8))
    options = float32(inputs={"grey": CoreMLInput(image=CoreMLImage(layout="grayscale"))})
    package = convert(compiled, [item], options, JobContext()).save(tmp_path / "grey.mlpackage")
    [feature] = summarise(package).inputs
    assert (feature.dtype, feature.shape) == ("GRAYSCALE", ("4..32", "4..32"))
    picture = np.full((20, 12), 51, dtype=np.uint8)
    assert next(iter(ReferenceModel(package).predict({"grey": picture}).values())) == pytest.approx(0.2)


def test_that_an_output_may_be_a_picture(tmp_path: Path) -> None:
    class Scaled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.clamp(0, 1) * 255

    options = float32(outputs=(CoreMLOutput(name="picture_out", image="rgb"),))
    package, _ = converted(Scaled(), [PICTURE], options, tmp_path)
    [feature] = summarise(package).outputs
    assert (feature.name, feature.kind, feature.dtype) == ("picture_out", "image", "RGB")


LABELS = ("cat", "dog", "fish")


def test_that_a_classifier_gives_label_and_probabilities(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n\nfish\n")
    outputs = (CoreMLOutput(name="pixels", keep=False), CoreMLOutput(name="scores"))
    classifier = CoreMLClassifier(labels_file="labels.txt", predicted="animal")
    package, _ = converted(Pixels(), [PICTURE], float32(outputs=outputs, classifier=classifier), tmp_path)
    x = np.random.default_rng(1).random((1, 3, 8, 6)).astype(np.float32)
    answer = ReferenceModel(package).predict({"picture": x})
    assert set(answer) == {"animal", "animal_probs"}
    best = int(x.mean((2, 3)).argmax())
    assert str(answer["animal"]) == LABELS[best]


@pytest.mark.parametrize("labels", [LABELS[:2], (*LABELS, "bird")])
def test_that_a_wrong_number_of_labels_is_refused(labels: tuple[str, ...], tmp_path: Path) -> None:
    outputs = (CoreMLOutput(name="pixels", keep=False), CoreMLOutput(name="scores"))
    options = float32(outputs=outputs, classifier=CoreMLClassifier(labels=labels))
    with pytest.raises(ExportDeskError, match=f"{len(labels)} labels") as raised:
        converted(Pixels(), [PICTURE], options, tmp_path)
    assert raised.value.failure.code == "recipe.labels"
    assert not (tmp_path / "model.mlpackage").exists()


def test_that_outputs_are_chosen_named_and_typed(tmp_path: Path) -> None:
    outputs = (CoreMLOutput(name="seen", keep=False), CoreMLOutput(name="scores", dtype="float32"))
    package, _ = converted(Pixels(), [PICTURE], CoreML(outputs=outputs), tmp_path)
    summary = summarise(package)
    assert [(item.name, item.dtype) for item in summary.outputs] == [("scores", "float32")]
    assert summary.inputs[0].dtype == "float16"


def test_that_input_types_and_defaults_are_in_the_package(tmp_path: Path) -> None:
    class Sum(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    inputs = [ConvertedInput("x", (2, 3)), ConvertedInput("y", (2, 3))]
    given = {"x": CoreMLInput(dtype="float32"), "y": CoreMLInput(dtype="float32", default=2.0)}
    package, _ = converted(Sum(), inputs, CoreML(inputs=given), tmp_path)
    assert [item.dtype for item in summarise(package).inputs] == ["float32", "float32"]
    [answer] = ReferenceModel(package).predict({"x": np.ones((2, 3), dtype=np.float32)}).values()
    assert (answer == 3).all()


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 3))

    def forward(self, x: Tensor) -> Tensor:
        self.total.add_(x)
        return self.total * 2


def test_that_a_buffer_is_kept_as_a_state_over_several_steps(tmp_path: Path) -> None:
    options = CoreML(minimum_deployment_target="iOS18", states=("total",))
    compiled = torch.jit.trace(Counter().eval(), torch.zeros(1, 3), check_trace=False)
    package = convert(compiled, [ConvertedInput("x", (1, 3))], options, JobContext()).save(tmp_path / "s.mlpackage")
    assert [(item.name, item.shape) for item in summarise(package).states] == [("total", ("1", "3"))]
    model = ReferenceModel(package)
    state = model.make_state()
    answers = [
        next(iter(model.predict({"x": np.ones((1, 3), np.float16)}, state=state).values())).ravel()[0] for _ in range(3)
    ]
    assert answers == [2, 4, 6]


def test_that_an_unknown_state_names_the_buffers(tmp_path: Path) -> None:
    options = CoreML(minimum_deployment_target="iOS18", states=("totl",))
    with pytest.raises(ExportDeskError) as raised:
        converted(Counter(), [ConvertedInput("x", (1, 3))], options, tmp_path)
    assert "total" in (raised.value.failure.hint or "")


def test_that_metadata_is_carried_in_the_package(tmp_path: Path) -> None:
    metadata = CoreMLMetadata(
        author="A",
        license="MIT",
        version="1.2",
        description="Looks.",
        inputs={"picture": "what to look at"},
        preview="imageSegmenter",
        user={"trained": "yesterday"},
    )
    package, _ = converted(Pixels(), [PICTURE], CoreML(metadata=metadata), tmp_path)
    description = coremltools().utils.load_spec(str(package)).description
    assert description.metadata.author == "A"
    assert description.metadata.versionString == "1.2"
    assert description.metadata.shortDescription == "Looks."
    assert description.metadata.license == "MIT"
    assert description.metadata.userDefined["trained"] == "yesterday"
    assert description.metadata.userDefined["com.apple.coreml.model.preview.type"] == "imageSegmenter"
    assert summarise(package).inputs[0].description == "what to look at"


def test_that_metadata_for_an_unknown_feature_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    options = CoreML(metadata=CoreMLMetadata(outputs={"nothing": "x"}))
    with pytest.raises(ExportDeskError, match="nothing"):
        converted(Pixels(), [PICTURE], options, tmp_path)


def test_that_chosen_operations_stay_in_float32(tmp_path: Path) -> None:
    class Softmax(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * 2).softmax(-1) * 3

    package, _ = converted(Softmax(), [ConvertedInput("x", (2, 4))], CoreML(float32_operations=("softmax",)), tmp_path)
    assert summarise(package).precision == "mixed"


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@pytest.mark.parametrize(
    ("step", "target", "largest_share", "largest_error"),
    [
        (CoreMLCompression(method="palettize", bits=4, granularity="tensor"), "iOS17", 0.35, 0.2),
        (CoreMLCompression(method="quantize"), "iOS17", 0.62, 0.02),
        (CoreMLCompression(method="quantize", bits=4, granularity="block", size=32), "iOS18", 0.4, 0.2),
        (CoreMLCompression(method="prune", sparsity=0.75), "iOS17", 0.4, 1.0),
    ],
)
def test_that_compression_makes_the_package_smaller_within_an_error(
    step: CoreMLCompression, target: str, largest_share: float, largest_error: float, tmp_path: Path
) -> None:
    item = ConvertedInput("x", (1, 64))
    (tmp_path / "plain").mkdir()
    plain, _ = converted(Wide(), [item], CoreML(minimum_deployment_target=target), tmp_path / "plain")
    options = CoreML(minimum_deployment_target=target, compression=(step,))
    small, notes = converted(Wide(), [item], options, tmp_path)
    sizes = [(package / "Data/com.apple.CoreML/weights/weight.bin").stat().st_size for package in (small, plain)]
    assert sizes[0] / sizes[1] < largest_share
    x = np.random.default_rng(0).normal(size=(1, 64)).astype(np.float16)
    answers = [next(iter(ReferenceModel(package).predict({"x": x}).values())) for package in (small, plain)]
    assert np.abs(answers[0] - answers[1]).max() < largest_error
    assert any(note.code == "convert.compressed" and note.message.startswith("2 weights") for note in notes)
    assert summarise(small).specification_version == summarise(plain).specification_version


@pytest.mark.parametrize(
    ("options", "inputs", "code"),
    [
        (CoreML(states=("a",)), [PICTURE], "recipe.states"),
        (CoreML(compression=(CoreMLCompression(method="quantize", bits=4),)), [PICTURE], "recipe.compression"),
        (CoreML(compression=(CoreMLCompression(method="palettize"),)), [PICTURE], "recipe.compression"),
        (
            CoreML(compression=(CoreMLCompression(method="prune"),), minimum_deployment_target="iOS15"),
            [PICTURE],
            "recipe.compression",
        ),
        (CoreML(inputs={"pictrue": CoreMLInput()}), [PICTURE], "recipe.unknown-input"),
        (CoreML(inputs={"picture": CoreMLInput(image=CoreMLImage(layout="grayscale"))}), [PICTURE], "recipe.image"),
        (
            CoreML(inputs={"x": CoreMLInput(image=IMAGENET)}),
            [ConvertedInput("x", (2, 3, 4, 4))],
            "recipe.image",
        ),
        (
            CoreML(inputs={"picture": CoreMLInput(dtype="float16")}, minimum_deployment_target="iOS15"),
            [PICTURE],
            "recipe.dtype",
        ),
        (CoreML(outputs=(CoreMLOutput(name="picture"),)), [PICTURE], "recipe.output-name"),
        (CoreML(precision="float32", float32_operations=("softmax",)), [PICTURE], "recipe.precision"),
    ],
)
def test_that_features_against_the_rules_are_refused_first(
    options: CoreML, inputs: list[ConvertedInput], code: str
) -> None:
    compiled = torch.jit.trace(Pixels().eval(), torch.rand(1, 3, 8, 6), check_trace=False)
    with pytest.raises(ExportDeskError) as raised:
        convert(compiled, inputs, options, JobContext())
    assert raised.value.failure.code == code
