"""A bundle is what was handed over, gives the numbers it says, and nothing else is believed of it."""

import json
import shutil
from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.bundle.verify import check_bundle
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Checks, CoreML, Input, Model, Recipe
from exportdesk.core.results import BundleCheck

MODEL = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 2)
    def forward(self, file, scale):
        return self.linear(file) * scale
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "net.py").write_text(MODEL)
    recipe = Recipe(
        model=Model(file=str(folder / "net.py")),
        # An argument may have any name, that of a parameter of numpy's savez included.
        inputs=(Input(name="file", shape=(1, 4)), Input(name="scale", shape=(1, 2))),
        coreml=CoreML(enabled=False),
        checks=Checks(probes=3),
    )
    out = folder / "bundle"
    assert export(recipe, out).is_good
    (folder / "net.py").unlink()
    return out


@pytest.fixture
def bundle(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "bundle"))


def statuses(result: BundleCheck) -> dict[str, str]:
    return {check.name: check.status for check in result.checks}


def test_that_a_bundle_checks_out_without_the_models_file(bundle: Path) -> None:
    result = check_bundle(bundle, JobContext())
    assert statuses(result) == {"checksums": "passed", "torchscript": "passed"}
    assert result.is_good
    assert set(result.files.values()) == {"ok"}


def test_that_a_changed_a_missing_and_an_added_file_are_named(bundle: Path) -> None:
    with (bundle / "Net.pt").open("ab") as file:
        file.write(b"x")
    (bundle / "recipe.toml").write_bytes((bundle / "recipe.toml").read_bytes() + b"\n")
    (bundle / "samples" / "1.inputs.npz").unlink()
    (bundle / "new.txt").touch()
    result = check_bundle(bundle, JobContext())
    assert result.files["Net.pt"] == "changed"
    assert result.files["samples/1.inputs.npz"] == "missing"
    assert result.files["new.txt"] == "added"
    assert statuses(result)["checksums"] == "failed"
    assert not result.is_good


def test_that_a_model_with_other_numbers_fails(bundle: Path) -> None:
    import torch

    module = torch.jit.load(str(bundle / "Net.pt"))
    with torch.no_grad():
        next(module.parameters()).mul_(1.01)
    torch.jit.save(module, str(bundle / "Net.pt"))
    assert statuses(check_bundle(bundle, JobContext()))["torchscript"] == "failed"


def test_that_a_folder_that_is_no_bundle_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ExportDeskError) as caught:
        check_bundle(tmp_path, JobContext())
    assert caught.value.failure.exit_code == 2


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a\\..\\b", ""])
def test_that_checksums_do_not_reach_outside_the_bundle(bundle: Path, name: str) -> None:
    (bundle / "SHA256SUMS").write_text("0" * 64 + "  " + name + "\n")
    with pytest.raises(ExportDeskError, match="damaged") as caught:
        check_bundle(bundle, JobContext())
    assert caught.value.failure.line == 1


@pytest.mark.parametrize(
    "change", [{"files": {"torchscript": "../../etc/passwd"}}, {"files": 3}, {"samples": [{"inputs": "/etc/passwd"}]}]
)
def test_that_a_damaged_manifest_is_said_so(bundle: Path, change: dict[str, object]) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(ExportDeskError) as caught:
        check_bundle(bundle, JobContext())
    assert caught.value.failure.code == "bundle.manifest"
