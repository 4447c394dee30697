"""What comes with an answer: places, kept inputs, the envelope, and reasons that are not the trace's fault."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from exportdesk.core.advisor.advise import run_advise
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.model_file.user_imports import run_file, user_imports
from exportdesk.core.pipeline import export
from exportdesk.core.recipe.document import parse_recipe, recipe_text
from exportdesk.core.recipe.input_text import parse_input
from exportdesk.core.recipe.model import Acknowledgement, CheckInputs, CoreML, Model, Recipe

from .advising import advise_file, scripted

HERE = Path(__file__).parent
DEPEND = HERE / "models_that_depend.py"


def line_of(file: Path, text: str) -> int:
    """Return the number of the first line that contains a text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), start=1) if text in line)


def test_that_a_place_is_told_once_with_its_line_and_evidence() -> None:
    advice = advise_file(DEPEND, "MeanBranch", ["x=2,6"])
    line = line_of(DEPEND, "if x.mean() > 0:")
    (diagnostic,) = [d for d in advice.diagnostics if d.code.startswith("trace.")]
    assert (diagnostic.code, diagnostic.line, diagnostic.module) == ("trace.branch-on-tensor", line, "")
    assert diagnostic.source == "if x.mean() > 0:"
    assert diagnostic.evidence
    (place,) = advice.places
    assert (place.verdict, place.line) == ("changes the output", line)
    assert place.expected
    assert place.actual


def test_that_the_input_that_shows_a_culprit_is_kept_and_shows_it_again(tmp_path: Path) -> None:
    recipe = Recipe(model=Model(file=str(DEPEND), entry="RareMaximum"), inputs=(parse_input("x=3,4"),))
    advice = run_advise(recipe, HERE, JobContext(), probes_folder=tmp_path)
    (culprit,) = advice.culprits
    assert culprit.probe is not None
    assert culprit.probe.file is not None
    kept = np.load(culprit.probe.file)["x"]
    assert kept.shape == (3, 4)
    assert kept.max() > 7.5


def test_that_the_envelope_names_the_first_failure_of_an_axis(tmp_path: Path) -> None:
    file = tmp_path / "fixed.py"
    file.write_text(
        "from torch import Tensor, nn\n"
        "class Fixed(nn.Module):\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        total = x[:, 0]\n"
        "        for i in range(x.shape[0]):\n"
        "            total = total + x[i, 0]\n"
        "        return total\n"
    )
    recipe = Recipe(model=Model(file=str(file), entry="Fixed"), inputs=(parse_input("x=2,3"),))
    advice = run_advise(recipe, tmp_path, JobContext(), measures_envelope=True)
    assert advice.marks == {}
    batch = {point.value: point.agrees for point in advice.envelope if point.axis == "batch"}
    assert batch["2"] is True
    assert batch["3"] is False
    assert {point.axis for point in advice.envelope} == {"batch", "scale", "dtype", "device"}
    assert all(point.reason for point in advice.envelope if point.agrees is not True)


def test_that_the_envelope_covers_each_ranged_dimension() -> None:
    recipe = Recipe(model=Model(file=str(DEPEND), entry="Columns"), inputs=(parse_input("x=2,3..9=5"),))
    advice = run_advise(recipe, HERE, JobContext(), measures_envelope=True)
    sizes = [point for point in advice.envelope if point.axis == "x[1]"]
    assert [point.value for point in sizes] == [str(size) for size in range(3, 10)]
    assert all(point.agrees for point in sizes)


def test_that_dropout_is_named_where_it_begins() -> None:
    advice = advise_file(HERE / "models_that_only_look.py", "DropoutInTraining", ["x=2,6"], mode="train")
    (note,) = [d for d in advice.diagnostics if d.code == "model.random"]
    assert note.module == "dropout"


def test_that_a_model_that_counts_in_a_global_is_not_blamed_on_the_trace(tmp_path: Path) -> None:
    file = tmp_path / "counting.py"
    file.write_text(
        "from torch import Tensor, nn\n"
        "calls = [0]\n"
        "class Counting(nn.Module):\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        calls[0] += 1\n"
        "        return x * calls[0]\n"
        "class Net(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.first, self.counting = nn.Linear(3, 3), Counting()\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        return self.counting(self.first(x))\n"
    )
    advice = advise_file(file, "Net", ["x=2,3"])
    assert not advice.is_verified
    assert advice.marks == {}
    (error,) = [d for d in advice.diagnostics if d.code == "model.not-repeatable"]
    assert error.module == "counting"


def test_that_nan_is_named_where_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "roots.py"
    file.write_text(
        "import torch\n"
        "from torch import Tensor, nn\n"
        "class Root(nn.Module):\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        return torch.sqrt(x)\n"
        "class Net(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.first, self.root = nn.Linear(3, 30), Root()\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        return self.root(self.first(x))\n"
    )
    advice = advise_file(file, "Net", ["x=2,3"])
    assert advice.is_verified
    assert [d.module for d in advice.diagnostics if d.code == "model.not-finite"] == ["root"]


def test_that_the_model_is_left_as_it_was() -> None:
    from exportdesk.core.advisor.state import changed_state, state_kept, state_of

    class Keeping(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(2))
            self.history: list[float] = []
            self.count = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            self.history.append(1.0)
            self.count += 1
            self.extra = x
            return x

    model = Keeping()
    before, history = state_of(model), model.history
    with state_kept(model):
        model(torch.ones(2))
        assert sorted(changed_state(model, before)) == ["count", "extra", "history", "seen"]
    assert changed_state(model, before) == []
    assert model.history is history


def test_that_a_rejected_parent_does_not_hide_the_culprit() -> None:
    advice = advise_file(DEPEND, "TwoAmongForty", ["x=2,8"])
    assert scripted(advice) == {"body.7.inner.clip", "body.21"}
    assert {c.module for c in advice.culprits if c.is_scripted} == scripted(advice)


def test_that_an_accepted_finding_comes_back_when_its_line_changes() -> None:
    found = advise_file(DEPEND, "MeanBranch", ["x=2,6"]).diagnostics[0]
    accepted = Acknowledgement(code=found.code, module=found.module, source=found.source)
    for acknowledgement, is_accepted in (
        (accepted, True),
        (msgspec.structs.replace(accepted, source="if x.mean() > 1:"), False),
    ):
        recipe = Recipe(
            model=Model(file=str(DEPEND), entry="MeanBranch"),
            inputs=(parse_input("x=2,6"),),
            acknowledged=(acknowledgement,),
        )
        assert parse_recipe(recipe_text(recipe)) == recipe
        advice = run_advise(recipe, HERE, JobContext())
        assert advice.diagnostics[0].is_acknowledged is is_accepted
        assert scripted(advice) == {""}


def test_that_graphs_that_differ_between_traces_are_explained() -> None:
    advice = advise_file(DEPEND, "Python3Counter", ["x=3"])
    (told,) = [d for d in advice.diagnostics if d.code == "trace.graphs-differ"]
    assert "calls" in told.message
    assert "aten::linear" in (told.evidence or "")


def test_that_a_counter_that_only_shows_every_second_run_is_not_called_random(tmp_path: Path) -> None:
    file = tmp_path / "alternate.py"
    file.write_text(
        "from torch import Tensor, nn\n"
        "STEP = 0\n"
        "class Alternate(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        global STEP\n"
        "        STEP += 1\n"
        "        return self.a(x) if STEP % 2 else self.b(x)\n"
        "class Net(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.first, self.alternate = nn.Linear(4, 4), Alternate()\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        return self.alternate(self.first(x))\n"
    )
    advice = advise_file(file, "Net", ["x=1,4"])
    assert not advice.is_verified
    codes = {diagnostic.code: diagnostic for diagnostic in advice.diagnostics}
    assert not codes.keys() & {"model.random", "trace.differs"}
    error = codes["model.not-repeatable"]
    assert (error.module, error.line) == ("alternate", line_of(file, "global STEP"))
    assert "STEP" in error.message
    differing = codes["trace.graphs-differ"]
    assert differing.module == "alternate"
    assert differing.line == line_of(file, "return self.a(x)")
    assert "aten::linear" in (differing.evidence or "")


def test_that_layers_skipped_at_random_are_named_with_the_line_that_draws(tmp_path: Path) -> None:
    file = tmp_path / "drop.py"
    file.write_text(
        "import random\n"
        "from torch import Tensor, nn\n"
        "class Encoder(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        for layer in self.layers:\n"
        "            if random.random() < 0.5:\n"
        "                continue\n"
        "            x = layer(x)\n"
        "        return x\n"
        "class Net(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.encoder, self.head = Encoder(), nn.Linear(8, 2)\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        return self.head(self.encoder(x))\n"
    )
    advice = advise_file(file, "Net", ["x=1,5,8"])
    (note,) = [d for d in advice.diagnostics if d.code == "model.random"]
    assert (note.module, note.line) == ("encoder", line_of(file, "random.random()"))


def test_that_a_model_without_inputs_is_advised_on_the_suggested_ones(tmp_path: Path) -> None:
    file = tmp_path / "open.py"
    file.write_text(
        "from torch import Tensor, nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(6, 4)\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        y = self.fc(x)\n"
        "        if y.sum() > 0:\n"
        "            y = -y\n"
        "        return y\n"
    )
    advice = advise_file(file, "Net", [])
    assert scripted(advice) == {""}
    (note,) = [d for d in advice.diagnostics if d.code == "inputs.assumed"]
    assert "x=1,6" in note.message
    assert [item.name for item in advice.recipe.inputs] == ["x"]


def test_that_what_forward_prints_is_printed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "loud.py"
    file.write_text(
        "from torch import Tensor, nn\n"
        "class Loud(nn.Module):\n"
        "    def forward(self, x: Tensor) -> Tensor:\n"
        "        print('hello')\n"
        "        return x.abs()\n"
    )
    assert advise_file(file, "Loud", ["x=1,4"]).is_verified
    assert capsys.readouterr().out.count("hello") == 1


def test_that_a_kept_input_fails_the_check_of_a_plain_trace(tmp_path: Path) -> None:
    probes = tmp_path / "probes"
    recipe = Recipe(model=Model(file=str(DEPEND), entry="RareMaximum"), inputs=(parse_input("x=3,4"),))
    advice = run_advise(recipe, HERE, JobContext(), probes_folder=probes)
    probe = advice.culprits[0].probe
    assert probe is not None
    assert probe.names == ("x",)
    row = CheckInputs(inputs=(parse_input(f"x=@{probe.file}"),))
    traced = msgspec.structs.replace(
        recipe,
        torchscript=msgspec.structs.replace(recipe.torchscript, check_inputs=(row,)),
        coreml=msgspec.structs.replace(recipe.coreml, enabled=False),
    )
    result = export(traced, tmp_path / "out")
    assert not result.is_good


def test_that_the_envelope_runs_both_sides_in_each_type_and_says_which_devices_are_missing() -> None:
    recipe = Recipe(model=Model(file=str(DEPEND), entry="MeanBranch"), inputs=(parse_input("x=2,6"),))
    advice = run_advise(recipe, HERE, JobContext(), measures_envelope=True)
    types = {point.value: point.agrees for point in advice.envelope if point.axis == "dtype"}
    assert types == dict.fromkeys(("float32", "float64", "float16", "bfloat16"), True)
    devices = {point.value: point for point in advice.envelope if point.axis == "device"}
    assert devices["cpu"].agrees is True
    assert all(p.agrees is not None or "not run" in (p.reason or "") for p in devices.values())


FORTY = """
import torch
from torch import Tensor, nn


class Rare(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.amax() > 0.695:
            return torch.tanh(x)
        return torch.relu(x)


class Unit(nn.Module):
    def __init__(self, is_rare: bool) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.act = Rare() if is_rare else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x + self.act(self.fc(x)))


class Stage(nn.Module):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.units = nn.ModuleList(Unit(number == 3 and place == 2) for place in range(4))

    def forward(self, x: Tensor) -> Tensor:
        for unit in self.units:
            x = unit(x)
        return x


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() < 0:
            return x.flip(1)
        return x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.gate = Gate()
        self.stages = nn.ModuleList(Stage(number) for number in range(4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.gate(x)
        for stage in self.stages:
            x = stage(x)
        return x
"""


def test_that_two_culprits_among_forty_are_found_though_one_is_deep_and_rarely_reached(tmp_path: Path) -> None:
    file = tmp_path / "forty.py"
    file.write_text(FORTY)
    with user_imports(file):
        model = run_file(file).Net()
    assert sum(1 for _ in model.modules()) >= 40
    reached = []
    rare = model.get_submodule("stages.3.units.2.act")
    rare.register_forward_pre_hook(lambda module, arguments: reached.append(bool(arguments[0].amax() > 0.695)))
    with torch.no_grad():
        for _ in range(3000):
            model(torch.randn(1, 6))
    assert sum(reached) < 3
    assert scripted(advise_file(file, "Net", ["x=1,6"])) == {"gate", "stages.3.units.2.act"}


def test_that_a_torchscript_file_is_not_called_verified(tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    torch.jit.trace(torch.nn.Linear(3, 3), torch.ones(1, 3)).save(str(file))
    with pytest.raises(ExportDeskError) as error:
        advise_file(file, "", ["x=1,3"])
    assert (error.value.failure.code, error.value.failure.exit_code) == ("call.compiled", 2)


def test_that_advice_for_modules_that_few_inputs_reach_can_be_exported(tmp_path: Path) -> None:
    file = Path(__file__).parent / "held_out" / "decision_tree.py"
    advice = advise_file(file, "Tree", ["x=1,4"])
    assert advice.is_verified
    result = export(msgspec.structs.replace(advice.recipe, coreml=CoreML(enabled=False)), tmp_path / "out")
    assert {check.status for check in result.checks} == {"passed"}


def test_that_state_is_told_at_the_line_that_changes_it(tmp_path: Path) -> None:
    file = tmp_path / "stream.py"
    file.write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.register_buffer('step', torch.zeros(()))\n"
        "        self.seen = []\n\n    def forward(self, x):\n        self.seen.append(1)\n"
        "        self.step[...].add_(1)\n        return x + self.step\n".replace("\\\n", "\n")
    )
    advice = advise_file(file, "Net", ["x=2,4"])
    (found,) = [d for d in advice.diagnostics if d.code == "model.keeps-state"]
    assert found.line in (line_of(file, "seen.append"), line_of(file, "add_(1)"))


def test_that_what_is_written_into_a_tensor_does_not_make_its_size_depend_on_values(tmp_path: Path) -> None:
    file = tmp_path / "routed.py"
    file.write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        rows = torch.where(x[:, 0] > 0)[0]\n"
        "        out = torch.zeros_like(x)\n        out.index_add_(0, rows, x[rows])\n"
        "        return out.reshape(out.shape[0], -1)\n".replace("\\\n", "\n")
    )
    advice = advise_file(file, "Net", ["x=6,4"])
    assert advice.is_verified
    assert not advice.marks
    assert "trace.data-dependent-size" not in [d.code for d in advice.diagnostics]
