"""What smaller weights would cost: choices side by side, each run on the bundle's samples."""

import json
from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.cli.app import run as command
from exportdesk.core.coreml.rules import check_options
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.compression_text import parse_steps, steps_text
from exportdesk.core.recipe.document import read_recipe
from exportdesk.core.requests import TryCompression
from exportdesk.core.what_if import default_choices, try_compression

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(64, 96), nn.Linear(96, 64)
        with torch.no_grad():
            self.first.weight.copy_(self.first.weight.sign() * 0.1)  # a table of two values holds it exactly

    def forward(self, x):
        return self.second(self.first(x).relu())
"""
RECIPE = """
[model]
file = "net.py"
[[inputs]]
name = "x"
shape = [4, 64]
[coreml]
minimum_deployment_target = "iOS18"
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("what-if")
    (folder / "net.py").write_text(MODEL)
    (folder / "recipe.toml").write_text(RECIPE)
    export(folder / "recipe.toml", folder / "out")
    return folder / "out"


def test_that_choices_are_compared_and_the_bundle_stays_as_it_is(bundle: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in bundle.rglob("*")}
    texts = ["quantize:8", "palettize:1", "prune:0.5+palettize:4", "palettize:4:group=5"]
    request = TryCompression(
        job=1, bundle=str(bundle), choices=tuple(map(parse_steps, texts)), layers_of=parse_steps("palettize:1")
    )
    report = try_compression(request, JobContext())
    assert {path: path.stat().st_mtime_ns for path in bundle.rglob("*")} == before
    rows = {trial.label: trial for trial in report.trials}
    assert list(rows) == ["as it is", *texts]
    plain, quantized, coarse = rows["as it is"], rows["quantize:8"], rows["palettize:1"]
    assert quantized.size_bytes < 0.75 * plain.size_bytes
    assert coarse.size_bytes < quantized.size_bytes
    assert quantized.compressed_weights == 2
    assert plain.psnr_db is not None
    assert quantized.psnr_db is not None
    assert coarse.psnr_db is not None
    assert plain.psnr_db > quantized.psnr_db > 30 > coarse.psnr_db
    assert rows["palettize:4:group=5"].problem or rows["palettize:4:group=5"].compressed_weights == 0
    assert report.smallest_good is not None
    sensitivity = {row.module: row.psnr_db for row in report.layers}
    assert report.layers[0].module == "second", "the most sensitive comes first"
    assert sensitivity["first"] is not None
    assert sensitivity["second"] is not None
    assert sensitivity["first"] > sensitivity["second"] + 20


def test_that_the_choice_goes_into_a_recipe_that_exports_it(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = bundle.parent / "small.toml"
    flags = ["--choice", "quantize:8", "--choice", "palettize:6", "--choose", "smallest", "--save-recipe", str(file)]
    assert command(["compress", str(bundle), "--json", *flags]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["smallest_good"] == "palettize:6"
    recipe = read_recipe(file)
    assert steps_text(recipe.coreml.compression) == "palettize:6"
    assert (bundle.parent / recipe.model.file).resolve() == bundle.parent / "net.py"
    result = export(file, bundle.parent / "small")
    assert all(check.status == "passed" for check in result.checks)
    with pytest.raises(ExportDeskError) as raised:
        try_compression(TryCompression(job=1, bundle=str(bundle.parent / "small")), JobContext())
    assert raised.value.failure.code == "call.compressed"


@pytest.mark.parametrize("target", ["iOS16", "iOS17", "iOS18"])
def test_that_what_is_tried_by_itself_fits_the_deployment_target(bundle: Path, target: str) -> None:
    options = read_recipe(bundle / "recipe.toml").coreml
    import msgspec

    options = msgspec.convert({**msgspec.to_builtins(options), "minimum_deployment_target": target}, type(options))
    choices = default_choices(options)
    assert len({steps_text(steps) for steps in choices}) == len(choices) >= 6
    for steps in choices:
        check_options(msgspec.structs.replace(options, compression=steps))
        assert parse_steps(steps_text(steps)) == steps


@pytest.mark.parametrize(
    "text", ["", "quantize:3", "palettize:x", "prune:2", "shrink:4", "quantize:4:row=3", "palettize:4:block=2"]
)
def test_that_a_choice_that_makes_no_sense_is_a_wrong_call(text: str) -> None:
    with pytest.raises(ExportDeskError) as raised:
        parse_steps(text)
    assert raised.value.failure.code == "call.choice"


def test_that_weights_changed_by_a_step_that_skipped_them_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As coremltools does (its issue 2777): a weight comes out divided by its scale, and is not compressed."""
    import torch
    from exportdesk.core.coreml import compress
    from exportdesk.core.coreml.convert import convert
    from exportdesk.core.coreml.inputs import ConvertedInput
    from exportdesk.core.recipe.model import CoreML

    def converted(scale: float) -> object:
        layer = torch.nn.Linear(64, 64)
        with torch.no_grad():
            layer.weight.fill_(scale)
            layer.bias.fill_(1.0)
        traced = torch.jit.trace(layer.eval(), torch.rand(1, 64))
        return convert(traced, [ConvertedInput("x", (1, 64))], CoreML(), JobContext()).model

    divided = converted(0.25)
    monkeypatch.setattr(compress, "_applied", lambda *_, **__: divided)
    with pytest.raises(ExportDeskError) as raised:
        compress.compress(converted(0.5), parse_steps("palettize:4"))
    assert raised.value.failure.code == "convert.compression"
    assert "weight" in raised.value.failure.message
