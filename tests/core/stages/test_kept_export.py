"""An export takes over from the one before it what cannot have changed, and nothing else."""

import filecmp
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from exportdesk.core.job_context import JobContext
from exportdesk.core.pipeline import run_export
from exportdesk.core.recipe.document import parse_recipe
from exportdesk.core.results import ExportResult
from exportdesk.core.staged_files import staging_beside
from exportdesk.core.stages.kept_export import LastExport
from exportdesk.core.stages.sameness import is_same

SCRIPT = {"eager", "compile", "save", "check-torchscript", "audit", "check-reloaded"}
MODEL = """
import json, os
from pathlib import Path
import torch
from torch import nn
from parts import Block

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        settings = json.loads(Path(__file__).with_name("settings.json").read_text())
        self.block = Block(settings["gain"] + float(os.environ.get("GAIN", 0)))

    def forward(self, x):
        from late import shift
        return self.block(x), shift(x)
"""
PARTS = """
from torch import nn

class Block(nn.Module):
    def __init__(self, gain):
        super().__init__()
        self.layer, self.gain = nn.Linear(4, 4), gain

    def forward(self, x):
        return self.layer(x) * self.gain
"""
RECIPE = """
[model]
file = "net.py"
entry = "Net"
weights = "weights.pt"
[[inputs]]
name = "x"
shape = [1, 4]
fill = { file = "x.npy" }
[checks]
probes = 2
"""
NAMED = '[coreml]\noutputs = [{name = "result"}, {name = "shifted"}]\n'
METADATA = '[coreml.metadata]\nauthor = "A. Person"\nuser = { team = "vision" }\ninputs = { x = "a row" }\n'


class Desk:
    """A folder with a model, and the exports of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, LastExport()
        for name, text in {
            "net.py": MODEL,
            "parts.py": PARTS,
            "late.py": "def shift(x):\n    return x + 1\n",
            "settings.json": '{"gain": 2.0}',
        }.items():
            (folder / name).write_text(text)
        np.save(folder / "x.npy", np.ones((1, 4), dtype=np.float32))
        self.save_weights(0)

    def save_weights(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        weights = {
            "block.layer.weight": torch.rand(4, 4, generator=generator),
            "block.layer.bias": torch.rand(4, generator=generator),
        }
        torch.save(weights, self.folder / "weights.pt")

    def export(self, more: str = "", out: str = "out", *, anew: bool = False) -> ExportResult:
        place = self.folder / out
        last = None if anew else self.last
        recipe = parse_recipe(RECIPE + more)
        return run_export(recipe, self.folder, place, staging_beside(place), JobContext(), last)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_that_only_what_depends_on_a_change_is_run_again(desk: Desk) -> None:
    first = desk.export()
    assert first.kept == ()
    same = desk.export()
    assert set(same.kept) == SCRIPT | {"convert", "check-coreml"}
    assert same.checks == first.checks
    assert [item.message for item in same.diagnostics] == [item.message for item in first.diagnostics]
    elsewhere = desk.export(METADATA, "elsewhere")
    assert set(elsewhere.kept) == SCRIPT | {"convert", "check-coreml"}
    precise = desk.export('[coreml]\nprecision = "float32"\n')
    assert set(precise.kept) == SCRIPT
    assert precise.coreml is not None
    assert precise.coreml.precision == "float32"
    looser = desk.export('coreml_psnr_db = 30.0\n[coreml]\nprecision = "float32"\n')
    assert set(looser.kept) == SCRIPT | {"convert"}
    assert all(check.status == "passed" for check in looser.checks)


def test_that_a_package_with_new_names_and_texts_is_what_a_conversion_would_have_made(desk: Desk) -> None:
    desk.export(METADATA.replace("Person", "Other").replace("team", "old"))
    kept = desk.export(NAMED + METADATA)
    assert {"convert", "check-coreml"} <= set(kept.kept)
    assert kept.coreml is not None
    assert [item.name for item in kept.coreml.outputs] == ["result", "shifted"]
    assert kept.coreml.inputs[0].description == "a row"
    fresh = desk.export(NAMED + METADATA, "fresh", anew=True)
    assert fresh.kept == ()
    packages = [Path(result.files["coreml"]) for result in (kept, fresh)]
    files = sorted(path.relative_to(packages[0]) for path in packages[0].rglob("*") if path.is_file())
    assert filecmp.cmpfiles(*packages, map(str, files), shallow=False)[0] == [str(path) for path in files]


def test_that_an_output_renamed_to_the_name_of_another_value_is_converted_again(desk: Desk) -> None:
    desk.export()
    renamed = desk.export(NAMED.replace('"result"', '"linear_0_cast_fp16"'))
    assert set(renamed.kept) == SCRIPT
    assert all(check.status == "passed" for check in renamed.checks)


def _edit(name: str, old: str, new: str) -> Callable[[Desk], None]:
    def edit(desk: Desk) -> None:
        file = desk.folder / name
        file.write_text(file.read_text().replace(old, new))

    return edit


def _sample(desk: Desk) -> None:
    np.save(desk.folder / "x.npy", np.full((1, 4), 2, dtype=np.float32))


def _package(desk: Desk) -> None:
    file = next((desk.folder / "out").rglob("Net.pt"))
    file.write_bytes(file.read_bytes() + b" ")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_edit("net.py", "self.block(x)", "-self.block(x)"), id="the model file"),
        pytest.param(_edit("parts.py", "* self.gain", "/ self.gain"), id="a file that it imports"),
        pytest.param(_edit("late.py", "+ 1", "+ 2"), id="a file imported by forward"),
        pytest.param(_edit("settings.json", "2.0", "3.0"), id="a file that it opens"),
        pytest.param(lambda desk: desk.save_weights(1), id="the weights"),
        pytest.param(_sample, id="the sample"),
        pytest.param(lambda desk: os.environ.update(GAIN="1"), id="the environment"),
        pytest.param(_package, id="the earlier file itself"),
    ],
)
def test_that_nothing_stale_is_taken_over(
    desk: Desk, change: Callable[[Desk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAIN", "0")
    off = "[coreml]\nenabled = false\n"
    desk.export(off)
    assert set(desk.export(off).kept) == SCRIPT
    change(desk)
    assert desk.export(off).kept == ()


@pytest.mark.parametrize("more", ["seed = 1\n", '[marks]\n"" = "script"\n', "[torchscript]\nstrict = false\n"])
def test_that_a_recipe_that_asks_for_other_torchscript_gets_it(desk: Desk, more: str) -> None:
    (desk.folder / "net.py").write_text(MODEL.replace("        from late import shift\n", "").replace("shift(x)", "x"))
    off = "[coreml]\nenabled = false\n"
    desk.export(off)
    assert desk.export(more + off).kept == ()


def test_that_a_package_that_was_touched_is_converted_again(desk: Desk) -> None:
    result = desk.export()
    (Path(result.files["coreml"]) / "Data" / "com.apple.CoreML" / "model.mlmodel").write_bytes(b"")
    again = desk.export(METADATA)
    assert set(again.kept) == SCRIPT
    assert all(check.status == "passed" for check in again.checks)


def test_that_objects_are_compared_by_what_they_hold() -> None:
    class Held:
        def __init__(self, value: object) -> None:
            self.value, self.me = value, self

    pairs = [(1, 1.0), ("a", "b"), ([1, 2], [1, 3]), ({"a": 1}, {"a": 2}), (torch.ones(2), torch.zeros(2))]
    pairs += [(torch.ones(2), torch.ones(2).double()), (np.ones(2), np.zeros(2))]
    for one, other in pairs:
        assert is_same(Held(one), Held(one))
        assert not is_same(Held(one), Held(other))
    assert not is_same(object(), object()), "nothing can be told of it"
