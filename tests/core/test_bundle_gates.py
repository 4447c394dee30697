"""A bundle is checked by the gates that its export has set, written down beside each sample."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from exportdesk.core import export
from exportdesk.core.bundle.samples import write_samples
from exportdesk.core.bundle.verify import check_bundle
from exportdesk.core.checks.sample_gates import SampleGate
from exportdesk.core.checks.verdict import Expected
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import Checks, Input, Model, Recipe
from exportdesk.core.results import Check

pytestmark = [
    # coremltools leaves temporary folders to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

MODEL = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(64, 64, bias=False)
    def forward(self, x):
        return self.linear(x), x.argmax(1)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "net.py").write_text(MODEL)
    recipe = Recipe(
        model=Model(file=str(folder / "net.py")), inputs=(Input(name="x", shape=(2, 64)),), checks=Checks(probes=3)
    )
    out = folder / "bundle"
    assert export(recipe, out).is_good
    return out


@pytest.fixture
def bundle(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "bundle"))


def manifest_of(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    return found


def package_check(bundle: Path) -> Check:
    return next(check for check in check_bundle(bundle, JobContext()).checks if check.name == "coreml")


def test_that_the_gates_of_the_export_are_written_and_used(bundle: Path) -> None:
    first = manifest_of(bundle)["samples"][0]["gate"]["outputs"]
    assert [row["min_psnr_db"] is None for row in first] == [False, True]
    assert first[0]["min_psnr_db"] == pytest.approx(60)
    check = package_check(bundle)
    assert check.status == "passed"
    assert check.threshold is not None
    assert "as set by the export" in check.threshold


def test_that_weights_off_by_a_little_fail(bundle: Path) -> None:
    file = next(bundle.rglob("weight.bin"))
    data = np.fromfile(file, np.uint8)
    weights = data[128 : 128 + 64 * 64 * 2].view(np.float16)
    weights *= np.float16(1.005)
    data.tofile(file)
    check = package_check(bundle)
    assert check.status == "failed", "46 dB would do for a gate of 40 dB"


def test_that_a_sample_that_rounding_decides_is_left_out_with_the_reason(bundle: Path) -> None:
    manifest = manifest_of(bundle)
    manifest["samples"][0]["gate"] = {"decided_by_rounding": "rounding decides the branch at line 15"}
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    check = package_check(bundle)
    assert (check.status, check.probes) == ("passed", 1)
    assert check.reason is not None
    assert "line 15" in check.reason


def test_that_a_bundle_without_gates_is_checked_by_usual_ones(bundle: Path) -> None:
    manifest = manifest_of(bundle)
    for sample in manifest["samples"]:
        del sample["gate"]
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    check = package_check(bundle)
    assert check.status == "passed"
    assert check.threshold == "PSNR >= 40 dB"


def test_that_samples_are_taken_where_rounding_decides_nothing(tmp_path: Path) -> None:
    def probe(number: int) -> Any:
        """Return what write_samples asks of a probe."""
        return SimpleNamespace(
            named_tensors={"x": torch.full((2,), float(number))},
            variation=SimpleNamespace(description=f"probe {number}"),
            arguments=SimpleNamespace(keyword={}),
        )

    probes = [probe(number) for number in range(4)]
    expected = [Expected(description="", output=torch.ones(1)) for _ in probes]
    gates = {0: SampleGate(decided_by_rounding="a branch"), 1: SampleGate(), 2: SampleGate(), 3: SampleGate()}
    samples = write_samples(tmp_path, probes, expected, ["y"], gates)
    assert [sample.description for sample in samples] == ["probe 1", "probe 2"]
