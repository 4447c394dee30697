"""Model files as they lie in real repositories: packages called ``core``, relative imports, odd working folders."""

import os
from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.recipe.model import CoreML, Input, Model, Recipe
from exportdesk.core.results import ExportResult

ENCODER = """
import torch.nn as nn
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
    def forward(self, x):
        return self.conv(x)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").touch()
    (tmp_path / "core" / "encoder.py").write_text(ENCODER)
    return tmp_path


def run(file: Path, entry: str, out: Path) -> ExportResult:
    recipe = Recipe(
        model=Model(file=str(file), entry=entry),
        inputs=(Input(name="x", shape=(1, 3, 8, 8)),),
        coreml=CoreML(enabled=False),
    )
    return export(recipe, out)


def test_that_a_users_own_package_called_core_is_the_one_imported(repository: Path, tmp_path: Path) -> None:
    file = repository / "model.py"
    file.write_text("from core.encoder import Encoder\nclass Model(Encoder):\n    pass\n")
    assert run(file, "Model", tmp_path / "out").is_good


def test_that_a_folder_put_on_the_path_by_a_relative_name_is_found_from_anywhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = repository / "demo.py"
    file.write_text(
        "import sys\nsys.path.append('core')\nfrom encoder import Encoder\ndef build():\n    return Encoder()\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run(file, "build", tmp_path / "out").is_good
    assert Path.cwd() == elsewhere


def test_that_a_file_inside_a_package_may_import_its_neighbours_relatively(tmp_path: Path) -> None:
    inner = tmp_path / "vision" / "models"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").touch()
    (inner / "encoder.py").write_text(ENCODER)
    (inner / "net.py").write_text(
        "from .encoder import Encoder\nfrom vision.models.encoder import Encoder as Same\n"
        "assert Same is Encoder\nclass Net(Encoder):\n    pass\n"
    )
    assert run(inner / "net.py", "Net", tmp_path / "out").is_good


def test_that_nothing_of_the_users_stays_behind(repository: Path, tmp_path: Path) -> None:
    import sys

    import torch

    file = repository / "model.py"
    file.write_text(
        "import os, sys, torch\nfrom core.encoder import Encoder\n"
        "os.environ['LEFT_BEHIND'] = '1'\nsys.path.insert(0, '/left/behind')\ntorch.set_default_dtype(torch.float64)\n"
        "class Model(Encoder):\n    def forward(self, x):\n        return super().forward(x.double())\n"
    )
    path = list(sys.path)
    assert run(file, "Model", tmp_path / "out").is_good
    assert sys.path == path
    assert "LEFT_BEHIND" not in os.environ
    assert torch.get_default_dtype() == torch.float32
    assert "core" not in sys.modules
    assert "model" not in sys.modules
