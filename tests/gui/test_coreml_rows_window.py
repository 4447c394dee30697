"""The rows C1–C14 of the guides from the window, by mouse and keys: the recipe at once, the export where it is slow."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from exportdesk.core.recipe.model import CoreMLImage, RangeDimension, Recipe
from exportdesk.core.results import CoreMLSummary, ExportResult
from exportdesk.gui.app import Workbench
from pytestqt.qtbot import QtBot
from window_fakes import FakeDesktop
from window_person import InProcessClient, Person

HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3, padding=1)
        self.l = nn.Linear(4, 2)

    def forward(self, x):
        return self.l(self.c(x).relu().mean((2, 3))).softmax(-1)

    def encode(self, x):
        return self.c(x)
"""
BRANCHING = """
class Net(nn.Module):
    def forward(self, x):
        if x.mean() > 0:
            return x + 1
        return x - 1
"""
COUNTING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 4))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 1.0
"""
TWO_LISTS = """
class Net(nn.Module):
    def forward(self, x, y):
        return x.sum() + y.sum()
"""
PARTS = """
class Net(nn.Module):
    def forward(self, x):
        return {"a": x + 1, "b": [x * 2]}
"""
UNSUPPORTED = """
class Net(nn.Module):
    def forward(self, x):
        y = torch.linalg.svdvals(x[0, 0])
        return y + torch.special.i0e(y)
"""


@dataclass(frozen=True)
class Row:
    source: str
    do: Callable[[Person], None]
    asks: Callable[[Recipe], Any]
    """What the recipe says then."""
    holds: Callable[[ExportResult], Any] = field(default=lambda result: result.is_good)
    shape: str = "1,3,8,8"


def summary(result: ExportResult) -> CoreMLSummary:
    assert result.coreml is not None
    return result.coreml


def flexible(person: Person) -> None:
    person.cell(person.space.inputs.table, 0, 1, "1,3,8..32=16,8..32=16")


def picture(person: Person) -> None:
    person.fill("coreml", "coreml.inputs.x.image", "picture")
    person.click("coreml", "imagenet")
    person.fill("coreml", "coreml.inputs.x.image.layout", "bgr")
    person.fill("coreml", "coreml.inputs.x.image.std", "0.5")
    person.fill("coreml", "coreml.inputs.x.image.exact", True)


def labels(person: Person) -> None:
    person.fill("coreml", "coreml.classifier.labels", "cat\ntench, Tinca tinca")


def state(person: Person) -> None:
    person.fill("coreml", "coreml.minimum_deployment_target", "iOS18")
    person.fill("coreml", "coreml.states.total", True)


def outputs(person: Person) -> None:
    person.fill("checks", "torchscript.strict", False)
    for position, name in enumerate(("first", "second")):
        person.click("coreml", "add output")
        person.fill("coreml", f"coreml.outputs.{position}.name", name)
    person.fill("coreml", "coreml.outputs.0.dtype", "float32")
    person.fill("coreml", "coreml.outputs.1.keep", False)


def target(person: Person) -> None:
    for key, value in (
        ("minimum_deployment_target", "iOS16"),
        ("precision", "float16"),
        ("float32_operations", "softmax"),
        ("compute_units", "cpu_and_ne"),
    ):
        person.fill("coreml", f"coreml.{key}", value)


def old_format(person: Person) -> None:
    for key, value in (
        ("minimum_deployment_target", "iOS14"),
        ("convert_to", "neuralnetwork"),
        ("precision", "float32"),
    ):
        person.fill("coreml", f"coreml.{key}", value)


def compression(person: Person) -> None:
    person.click("coreml", "add compression")
    person.fill("coreml", "coreml.compression.0.method", "palettize")
    person.fill("coreml", "coreml.compression.0.bits", 4)
    person.fill("coreml", "coreml.compression.0.smallest", 1)


def metadata(person: Person) -> None:
    for key, value in (
        ("author", "Ada"),
        ("license", "MIT"),
        ("version", "2"),
        ("description", "Tells cats\nfrom fish."),
        ("user", "team: vision"),
        ("inputs.x", "A photo"),
    ):
        person.fill("coreml", f"coreml.metadata.{key}", value)


def functions(person: Person) -> None:
    person.fill("coreml", "coreml.minimum_deployment_target", "iOS18")
    person.click("coreml", "add function")
    person.click("coreml", "add function")
    person.fill("coreml", "coreml.functions.1.name", "features")


ROWS = {
    "C2": Row(
        BRANCHING,
        lambda person: person.mark("", "script"),
        lambda recipe: recipe.marks == {"": "script"},
        lambda result: result.is_good and "cond" in summary(result).operations,
    ),
    "C3": Row(
        NET,
        flexible,
        lambda recipe: recipe.inputs[0].shape[2] == RangeDimension(min=8, max=32, default=16),
        lambda result: result.is_good and summary(result).inputs[0].shape[2] == "8..32",
    ),
    "C4": Row(
        NET,
        picture,
        lambda recipe: (
            recipe.coreml.inputs["x"].image
            == CoreMLImage(layout="bgr", mean=(0.485, 0.456, 0.406), std=(0.5,), exact=True)
        ),
        lambda result: result.is_good and summary(result).inputs[0].kind == "image",
    ),
    "C5": Row(
        NET,
        labels,
        lambda recipe: recipe.coreml.classifier.labels == ("cat", "tench, Tinca tinca"),
        lambda result: result.is_good and "classLabel" in {out.name for out in summary(result).outputs},
    ),
    "C6": Row(
        COUNTING,
        state,
        lambda recipe: recipe.coreml.states == ("total",),
        lambda result: result.is_good and [found.name for found in summary(result).states] == ["total"],
        shape="1,4",
    ),
    "C7": Row(
        PARTS,
        outputs,
        lambda recipe: (
            [(o.name, o.dtype, o.keep) for o in recipe.coreml.outputs]
            == [("first", "float32", True), ("second", None, False)]
        ),
        lambda result: [(o.name, o.dtype) for o in summary(result).outputs] == [("first", "float32")],
    ),
    "C8": Row(
        NET,
        target,
        lambda recipe: recipe.coreml.float32_operations == ("softmax",) and recipe.coreml.compute_units == "cpu_and_ne",
        lambda result: result.is_good and summary(result).minimum_deployment_target == "iOS16",
    ),
    "C8-old": Row(
        NET,
        old_format,
        lambda recipe: recipe.coreml.convert_to == "neuralnetwork",
        lambda result: result.files["coreml"].endswith(".mlmodel"),
    ),
    "C9": Row(
        NET,
        compression,
        lambda recipe: (recipe.coreml.compression[0].method, recipe.coreml.compression[0].bits) == ("palettize", 4),
        lambda result: any("lut" in name for name in summary(result).operations),
    ),
    "C10": Row(
        NET,
        metadata,
        lambda recipe: (
            recipe.coreml.metadata.user == {"team": "vision"}
            and recipe.coreml.metadata.description == "Tells cats\nfrom fish."
        ),
        lambda result: result.is_good and summary(result).inputs[0].description == "A photo",
    ),
    "C11": Row(
        NET,
        lambda person: None,
        lambda recipe: recipe.coreml.enabled,
        lambda result: {check.name: check.status for check in result.checks}["coreml"] == "passed",
    ),
    "C12": Row(
        NET,
        lambda person: None,
        lambda recipe: True,
        lambda result: any(found.code.startswith("convert.") for found in result.diagnostics),
    ),
    "C14": Row(
        NET,
        functions,
        lambda recipe: (
            [(f.name, f.method) for f in recipe.coreml.functions] == [("main", "forward"), ("features", "encode")]
        ),
        lambda result: result.is_good and [found.name for found in summary(result).functions] == ["main", "features"],
    ),
}


@pytest.fixture
def person(make_workbench: Callable[[Any], Workbench], qtbot: QtBot) -> Person:
    return Person(make_workbench(InProcessClient), qtbot)


def prepare(person: Person, folder: Path, row: Row) -> None:
    (folder / "m.py").write_text(HEAD + row.source)
    person.open(folder / "m.py")
    person.inputs(("x", row.shape))
    row.do(person)


@pytest.mark.parametrize("name", list(ROWS))
def test_that_a_core_ml_row_is_asked_for_in_the_window(person: Person, tmp_path: Path, name: str) -> None:
    prepare(person, tmp_path, ROWS[name])
    assert ROWS[name].asks(person.recipe), person.recipe.coreml
    form = person.space.coreml_options.form
    assert not [key for key, shown in form.rows.items() if shown.problem], "a choice that fits is called a misfit"
    steps = person.bench.undo.count()
    while person.bench.undo.canUndo():
        person.press("undo")
    assert person.bench.undo.count() == steps


@pytest.mark.slow
@pytest.mark.parametrize("name", list(ROWS))
def test_that_a_core_ml_row_is_exported_from_the_window(person: Person, tmp_path: Path, name: str) -> None:
    prepare(person, tmp_path, ROWS[name])
    person.export(tmp_path / "out")
    assert person.bench.session.failure is None, person.bench.session.failure
    assert person.bench.session.exported is not None
    result = person.bench.session.exported.result
    assert ROWS[name].holds(result), (result.checks, result.coreml, result.files)


MISFITS = [
    ("coreml.minimum_deployment_target", [("minimum_deployment_target", "iOS14")], "iOS 15"),
    ("coreml.convert_to", [("precision", "float32"), ("convert_to", "neuralnetwork")], "before iOS 15"),
    ("coreml.compute_units", [("minimum_deployment_target", "iOS15"), ("compute_units", "cpu_and_ne")], "iOS 16"),
    ("coreml.inputs.x.dtype", [("inputs.x.dtype", "int8")], "iOS 26"),
]


@pytest.mark.parametrize(("key", "choices", "words"), MISFITS, ids=[key for key, _, _ in MISFITS])
def test_that_choices_that_do_not_fit_are_told_at_the_field_and_refused_by_export(
    person: Person, tmp_path: Path, key: str, choices: list[tuple[str, str]], words: str
) -> None:
    (tmp_path / "m.py").write_text(HEAD + NET)
    person.open(tmp_path / "m.py")
    person.inputs(("x", "1,3,8,8"))
    for name, value in choices:
        person.fill("coreml", f"coreml.{name}", value)
    assert words in person.problem("coreml", key)
    assert person.space.coreml_options.form.rows[key].input.isVisible()
    person.export(tmp_path / "out")
    assert person.bench.session.failure is not None
    assert words in person.space.banner.text.text()
    assert not (tmp_path / "out").exists()


def test_that_two_inputs_that_list_sizes_need_ios_18(person: Person, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(HEAD + TWO_LISTS)
    person.open(tmp_path / "m.py")
    person.inputs(("x", "1|2,3"), ("y", "1|2,3"))
    general = person.space.coreml_options.form.sections["general"]
    assert "iOS 18" in general.problem
    person.fill("coreml", "coreml.minimum_deployment_target", "iOS18")
    assert general.problem == ""


def test_that_a_value_that_cannot_be_is_refused_at_its_field_and_changes_nothing(
    person: Person, tmp_path: Path
) -> None:
    (tmp_path / "m.py").write_text(HEAD + NET)
    person.open(tmp_path / "m.py")
    person.inputs(("x", "1,3,8,8"))
    person.fill("coreml", "coreml.inputs.x.image", "picture")
    before = person.recipe
    person.fill("coreml", "coreml.inputs.x.image.mean", "1, 2")
    assert "Not changed" in person.problem("coreml", "coreml.inputs.x.image.mean")
    assert person.recipe == before
    person.fill("coreml", "coreml.inputs.x.image.mean", "0.5")
    assert person.problem("coreml", "coreml.inputs.x.image.mean") == ""


def test_that_labels_and_samples_come_from_files_that_are_chosen(
    person: Person, tmp_path: Path, desktop: FakeDesktop, qtbot: QtBot
) -> None:
    from PySide6.QtCore import Qt

    (tmp_path / "m.py").write_text(HEAD + NET)
    (tmp_path / "labels.txt").write_text("cat\nfish\n")
    person.open(tmp_path / "m.py")
    person.inputs(("x", "1,3,8,8"))
    desktop.chosen = tmp_path / "labels.txt"
    person.field("coreml", "coreml.classifier.labels_file")
    button = person.space.coreml_options.form.rows["coreml.classifier.labels_file"].file_button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert person.recipe.coreml.classifier is not None
    assert person.recipe.coreml.classifier.labels_file == "labels.txt"
    desktop.chosen = tmp_path / "x.npy"
    person.cell(person.space.inputs.table, 0, 3, "from a file …")
    assert person.recipe.inputs[0].fill is not None
    assert person.space.inputs.model.index(0, 3).data() == "@x.npy"


@pytest.mark.slow
def test_that_everything_that_cannot_be_converted_is_named_with_its_line(person: Person, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(HEAD + UNSUPPORTED)
    person.open(tmp_path / "m.py")
    person.inputs(("x", "1,1,4,4"))
    person.export(tmp_path / "out")
    assert person.bench.session.failure is not None
    rows = [row for row in person.space.problems.model.rows if row.line]
    lines = (tmp_path / "m.py").read_text().splitlines()
    named = {lines[row.line - 1].strip() for row in rows if row.line and row.file and row.file.endswith("m.py")}
    assert any("svdvals" in line for line in named), person.bench.session
    assert any("i0e" in line for line in named), named
