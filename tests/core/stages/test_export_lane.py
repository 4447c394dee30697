"""The second lane: ``torch.export`` to a ``.pt2`` and to Core ML, with the same checks, graph and bundle."""

from pathlib import Path

import pytest
from exportdesk.core import export
from exportdesk.core.bundle.verify import check_bundle
from exportdesk.core.errors import ExportDeskError, Failure
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.results import ExportResult

MODELS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
        self.register_buffer("seen", torch.zeros(1, 8))

    def forward(self, x, scale, *, twice=True, more):
        y = self.body(x)
        return {"y": y * scale, "rest": (more["z"] * 2 if twice else more["z"], y.sum(-1))}

    def encode(self, x):
        return self.body(x)

class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 6))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 2

class Area(nn.Module):
    def forward(self, x):
        return torch.trapezoid(x.relu(), dim=-1)

class Picture(nn.Module):
    def forward(self, x):
        return x * 2, x.mean((2, 3))

class Deciding(nn.Module):
    def forward(self, x):
        y = x * 2
        if y.sum() > 0:
            return y + 1
        return y - 1

def double(x):
    return 2 * x
"""
X = '[[inputs]]\nname = "x"\nshape = [1, 6]\n'
LANE = 'lane = "torch.export"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


def run(folder: Path, entry: str, more: str = X, lane: str = LANE) -> ExportResult:
    (folder / "recipe.toml").write_text(f'{lane}[model]\nfile = "models.py"\nentry = "{entry}"\n{more}')
    return export(folder / "recipe.toml", folder / "out")


def failure_of(folder: Path, entry: str, more: str = X, lane: str = LANE) -> Failure:
    with pytest.raises(ExportDeskError) as raised:
        run(folder, entry, more, lane)
    return raised.value.failure


def statuses(result: ExportResult) -> dict[str, str]:
    return {check.name: check.status for check in result.checks}


PASSED = dict.fromkeys(("exported", "reloaded", "coreml", "coreml.float32"), "passed")


def test_that_a_model_of_nested_arguments_and_flexible_sizes_goes_through(folder: Path) -> None:
    inputs = """
[[inputs]]
name = "x"
shape = [{ min = 1, max = 4, default = 1 }, 6]
[[inputs]]
name = "scale"
shape = [1]
[[inputs]]
name = "twice"
kind = "value"
value = false
[[inputs]]
name = "more"
kind = "dict"
items = [{ name = "z", shape = [2, 3] }]
"""
    result = run(folder, "Net", inputs + '[marks]\nbody = "script"\n')
    assert statuses(result) == PASSED
    assert result.modes == {}
    assert [item.module for item in result.diagnostics if item.code == "export.marks"] == ["body"]
    assert result.coreml is not None
    assert [item.shape for item in result.coreml.inputs] == [("1..4", "6"), ("1",), ("2", "3")]
    assert [item.name for item in result.coreml.outputs] == ["y", "rest_0", "rest_1"]
    graph = graph_of_file(Path(result.files["exported"]))
    rows = {
        (op, module, Path(file).name, line)
        for op, module, file, line in zip(
            graph.nodes.op, graph.nodes.module, graph.nodes.file, graph.nodes.line, strict=True
        )
    }
    assert ("aten::linear", "body.0", "models.py", 12) in rows
    assert ("aten::mul", "", "models.py", 13) in rows
    linear = next(op for op in ReferenceModel(result.files["coreml"]).body.operations if op.type == "linear")
    assert linear.module == "body.0"


def test_that_a_bundle_of_this_lane_is_verified(folder: Path) -> None:
    result = run(folder, "double")
    assert statuses(result) == PASSED
    checked = check_bundle(folder / "out", JobContext())
    assert {check.name: check.status for check in checked.checks} == dict.fromkeys(
        ("checksums", "exported", "coreml"), "passed"
    )


def test_that_several_methods_become_files_and_functions(folder: Path) -> None:
    functions = """
[coreml]
minimum_deployment_target = "iOS18"
functions = [{ name = "codes", method = "encode" }]
"""
    result = run(folder, "Net", X + functions)
    assert statuses(result) == {
        "exported.encode": "passed",
        "reloaded.encode": "passed",
        "coreml.codes": "passed",
        "coreml.codes.float32": "passed",
    }
    assert Path(result.files["exported"]).is_file()


def test_that_buffers_may_be_states(folder: Path) -> None:
    result = run(folder, "Counting", X + '[coreml]\nminimum_deployment_target = "iOS18"\nstates = ["total"]\n')
    assert statuses(result) == dict.fromkeys(("exported", "reloaded", "coreml"), "passed")
    assert result.coreml is not None
    assert [item.name for item in result.coreml.states] == ["total"]


def test_that_a_picture_with_exact_mean_and_a_left_out_output_are_in_the_program(folder: Path) -> None:
    options = """
[[inputs]]
name = "x"
shape = [1, 3, 8, 8]
[coreml]
inputs = { x = { image = { mean = [0.4, 0.5, 0.6], std = [0.2, 0.2, 0.3], exact = true } } }
outputs = [{ name = "all", keep = false }, { name = "middle" }]
"""
    result = run(folder, "Picture", options)
    assert statuses(result) == PASSED
    assert result.coreml is not None
    assert [item.kind for item in result.coreml.inputs] == ["image"]
    assert [item.name for item in result.coreml.outputs] == ["middle"]


def test_that_an_operation_without_translation_is_made_of_others_and_this_lane_is_offered_in_the_first(
    folder: Path,
) -> None:
    flexible = X.replace("[1, 6]", "[1, { min = 3, max = 9, default = 6 }]")
    refused = failure_of(folder, "Area", flexible, lane="")
    assert (refused.code, refused.line) == ("convert.unsupported-operation", 29)
    assert "--lane torch.export" in (refused.hint or "")
    assert statuses(run(folder, "Area", flexible)) == PASSED
    assert "failed" not in statuses(run(folder, "Area", lane="")).values()


def test_that_a_branch_on_data_is_refused_at_its_line_and_not_offered(folder: Path) -> None:
    refused = failure_of(folder, "Deciding")
    assert (refused.code, refused.line) == ("export.data-dependent", 38)
    assert refused.file == str(folder / "models.py")


def test_that_a_size_which_the_code_fixes_is_named(folder: Path) -> None:
    flexible = X.replace("[1, 6]", "[1, { min = 2, max = 9, default = 6 }]")
    refused = failure_of(folder, "Net.encode", flexible)
    assert refused.code == "export.fixed-size"
    assert "6 only" in refused.message


def test_that_torchscript_is_told_to_be_the_other_lane(tmp_path: Path) -> None:
    import torch

    torch.jit.save(torch.jit.script(torch.nn.Linear(6, 6)), tmp_path / "models.pt")
    (tmp_path / "recipe.toml").write_text(f'{LANE}[model]\nfile = "models.pt"\n{X.replace("x", "input")}')
    with pytest.raises(ExportDeskError) as raised:
        export(tmp_path / "recipe.toml", tmp_path / "out")
    assert raised.value.failure.code == "export.torchscript"


def test_that_the_other_lane_is_tried_without_a_word(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models.py").write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        return (x, None) if x.sum() > 0 else (-x, None)\n"
    )
    assert failure_of(tmp_path, "Net", '[[inputs]]\nname = "x"\nshape = [2]\n', lane="").code == "trace.not-tensors"
    printed = capfd.readouterr()
    assert "def forward" not in printed.out + printed.err
