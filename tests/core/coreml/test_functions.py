"""Packages with several functions: of one model's methods, and of packages that were made before."""

from pathlib import Path

import numpy as np
import pytest
from exportdesk.core import export
from exportdesk.core.bundle.verify import check_bundle
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.document import parse_recipe, read_recipe
from exportdesk.core.recipe.moving import moved_recipe
from exportdesk.core.results import ExportResult

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(48, 64), nn.Linear(64, 48)

    def encode(self, x):
        return self.up(x).relu()

    def decode(self, z, scale):
        return self.down(z) * scale, self.encode(self.down(z))

    def forward(self, x):
        return self.decode(self.encode(x), 2.0)[0]
"""
HEAD = '[model]\nfile = "net.py"\nentry = "Net"\n[coreml]\nminimum_deployment_target = "iOS18"\n'
ENCODE = '[[coreml.functions]]\nname = "to_code"\nmethod = "encode"\n'
DECODE = """
[[coreml.functions]]
name = "from_code"
method = "decode"
outputs = [{name = "picture"}, {name = "again", keep = false}]
"""
X = '[[inputs]]\nname = "x"\nshape = [1, 48]\n'
INPUTS = f"""{X}
[[inputs]]
name = "z"
shape = [1, {{min = 1, max = 4}}, 64]
[[inputs]]
name = "scale"
shape = [1]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(MODEL)
    return tmp_path


def run(folder: Path, text: str, out: str = "out") -> ExportResult:
    (folder / "recipe.toml").write_text(text)
    return export(folder / "recipe.toml", folder / out)


def code_of(folder: Path, text: str) -> str:
    with pytest.raises(ExportDeskError) as raised:
        run(folder, text)
    return raised.value.failure.code


def test_that_methods_become_functions_each_checked_against_its_method(folder: Path) -> None:
    result = run(folder, HEAD + ENCODE + DECODE + INPUTS)
    names = {check.name: check.status for check in result.checks}
    assert names["coreml.to_code"] == names["coreml.from_code"] == "passed"
    assert result.coreml is not None
    assert [item.name for item in result.coreml.functions] == ["to_code", "from_code"]
    second = result.coreml.functions[1]
    assert [item.name for item in second.outputs] == ["picture"]
    assert [item.shape for item in second.inputs] == [("1", "1..4", "64"), ("1",)]
    package = Path(result.files["coreml"])
    for function, inputs in (("to_code", ["x"]), ("from_code", ["z", "scale"]), (None, ["x"])):
        assert list(ReferenceModel(package, function).input_names) == inputs
    # The linear layer that both methods use is stored once: 2 layers of 48 × 64 and their biases, in half precision.
    weights = sum(file.stat().st_size for file in package.rglob("weight.bin"))
    assert weights < 2 * 2 * 48 * 64 + 2000
    modules = {op.module for op in ReferenceModel(package, "from_code").body.operations if op.type == "linear"}
    assert modules == {"down"}
    assert all(check.status == "passed" for check in check_bundle(folder / "out", JobContext()).checks)


def test_that_a_function_may_come_from_another_package_and_gives_what_it_gave_there(folder: Path) -> None:
    whole = run(folder, HEAD.replace("iOS18", "iOS16") + X, "whole")
    joined = '[[coreml.functions]]\nname = "whole"\npackage = "whole/Net.mlpackage"\n'
    result = run(folder, HEAD + ENCODE + joined + X)
    assert {check.name: check.status for check in result.checks}["coreml.whole"] == "passed"
    given = {"x": np.random.default_rng(0).standard_normal((1, 48)).astype(np.float32)}
    [before] = ReferenceModel(Path(whole.files["coreml"])).predict(given).values()
    [after] = ReferenceModel(Path(result.files["coreml"]), "whole").predict(given).values()
    assert np.array_equal(before, after)


def test_that_what_cannot_be_is_refused_before_the_conversion(folder: Path) -> None:
    missing = '[[coreml.functions]]\nname = "a"\npackage = "nowhere.mlpackage"\n'
    assert code_of(folder, HEAD.replace("iOS18", "iOS17") + ENCODE + X) == "recipe.functions"
    assert code_of(folder, HEAD + ENCODE + ENCODE + X) == "recipe.functions"
    assert code_of(folder, HEAD + ENCODE.replace("to_code", "to-code") + X) == "recipe.functions"
    assert code_of(folder, HEAD + 'outputs = [{name = "y"}]\n' + ENCODE + X) == "recipe.functions"
    assert code_of(folder, HEAD + ENCODE + missing + X) == "recipe.functions"
    assert code_of(folder, HEAD + ENCODE.replace('"encode"', '"encod"') + X) == "call.entry"
    assert code_of(folder, HEAD + ENCODE + 'package = "a.mlpackage"\n' + X) == "recipe.invalid"


def test_that_paths_of_labels_and_packages_move_with_the_recipe(tmp_path: Path) -> None:
    text = HEAD + '[coreml.classifier]\nlabels_file = "labels.txt"\n' + ENCODE.replace("method", "package")
    recipe = moved_recipe(parse_recipe(text), tmp_path, tmp_path / "out")
    assert recipe.coreml.classifier is not None
    assert recipe.coreml.classifier.labels_file == "../labels.txt"
    assert recipe.coreml.functions[0].package == "../encode"


def test_that_the_command_line_takes_functions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from exportdesk.core.cli.app import run as command

    monkeypatch.chdir(folder)
    flags = ["--input", "encode:x=1,48", "--function", "a=encode", "--function", "b=old/Net.mlpackage:main"]
    saved = ["--save-recipe", "saved.toml", "--target", "iOS17"]
    assert command(["export", "net.py:Net", *flags, *saved]) == 2  # the rule about iOS 18
    functions = read_recipe(folder / "saved.toml").coreml.functions
    assert [(item.name, item.method, item.package, item.source) for item in functions] == [
        ("a", "encode", None, "main"),
        ("b", None, "old/Net.mlpackage", "main"),
    ]
