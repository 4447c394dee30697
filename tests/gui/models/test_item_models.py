"""Every model under Qt's own tester, and what its cells say."""

from collections import Counter
from pathlib import Path

import pytest
from exportdesk.core.recipe.model import FileFill, Input, Model, RangeDimension, Recipe
from exportdesk.core.requests import Export
from exportdesk.core.results import Check, EntryOutline, Parameter
from exportdesk.gui.models.checks import ChecksModel, plain_words
from exportdesk.gui.models.entries import EntriesModel
from exportdesk.gui.models.features import FeaturesModel, feature_rows
from exportdesk.gui.models.inputs_table import InputsModel
from exportdesk.gui.models.module_tree import MARK, ModuleTreeModel
from exportdesk.gui.models.operations import OperationsModel, operation_rows
from exportdesk.gui.models.paths import PathsModel, example_rows, recent_rows
from exportdesk.gui.models.problems import ProblemsModel
from exportdesk.gui.state.input_rows import input_rows
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from window_fakes import ROWS, WARNING, export_result

INPUTS = (
    Input(name="x", shape=(1, RangeDimension(min=64, max=512, default=224))),
    Input(name="y", shape=None, fill=FileFill(file="y.npy")),
    Input(name="pair", kind="tuple", items=(Input(shape=(1,)),)),
    Input(name="flag", kind="value", value=True),
)
RECIPE = Recipe(model=Model(file="m.py"), inputs=INPUTS)
RESULT = export_result(Export(job=1, recipe=RECIPE, folder="/", out="/out", staging="/s"))


def watched(model: QAbstractItemModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def texts(model: QAbstractItemModel, row: int) -> list[str]:
    return [str(model.index(row, column).data() or "") for column in range(model.columnCount())]


def test_that_flat_models_keep_qts_rules_as_rows_come_and_go(qtbot: QtBot) -> None:
    assert RESULT.coreml is not None
    entry = EntryOutline(name="Net", kind="class", line=3, constructor=(Parameter(name="width", annotation="int"),))
    filled = [
        (InputsModel(), input_rows(RECIPE)),
        (ProblemsModel(), (WARNING,)),
        (ChecksModel(), RESULT.checks),
        (FeaturesModel(), feature_rows(RESULT.coreml)),
        (OperationsModel(), operation_rows(RESULT.coreml.operations)),
        (EntriesModel(), (entry,)),
        (PathsModel(), example_rows()),
    ]
    for model, rows in filled:
        tester = watched(model)
        model.show(rows)  # type: ignore[attr-defined]
        assert model.rowCount() == len(rows) > 0
        model.show(rows[:1])  # type: ignore[attr-defined]
        model.show(())  # type: ignore[attr-defined]
        assert model.rowCount() == 0
        del tester


def test_that_the_module_tree_keeps_qts_rules_and_shows_effective_modes(qtbot: QtBot) -> None:
    model = ModuleTreeModel()
    tester = watched(model)
    model.show(ROWS, {"": "script"}, Counter({"body": 2}))
    root = model.index(0, 0)
    assert root.data() == "(model)"
    assert model.rowCount(root) == 2
    body = model.index_of("body")
    assert body.siblingAtColumn(MARK).data() == "script (inherited)"
    assert body.siblingAtColumn(4).data() == "2"
    model.show(ROWS, {"body": "trace"}, Counter())
    assert body.siblingAtColumn(MARK).data() == "trace"
    model.show((), {}, Counter())
    assert model.rowCount() == 0
    del tester


def test_that_a_mark_is_wished_for_and_a_container_cannot_have_one(qtbot: QtBot) -> None:
    model = ModuleTreeModel()
    model.show(ROWS, {}, Counter())
    with qtbot.waitSignal(model.mark_chosen) as wished:
        model.setData(model.index_of("body").siblingAtColumn(MARK), "script")
    assert wished.args == ["body", "script"]
    container = model.index_of("parts").siblingAtColumn(MARK)
    assert not model.setData(container, "script")
    assert not container.flags() & Qt.ItemFlag.ItemIsEditable


def test_that_inputs_show_the_syntax_of_the_command_line(qtbot: QtBot) -> None:
    model = InputsModel()
    model.show(input_rows(RECIPE))
    assert texts(model, 0) == ["x", "1,64..512=224", "float32", "automatic"]
    assert texts(model, 1) == ["y", "from the file", "from the file", "@y.npy"]
    assert texts(model, 2) == ["pair[0]", "1", "float32", "automatic"]
    assert texts(model, 3) == ["flag", "True", "value", ""]


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(name="coreml", status="not run", reason="no Core ML here."), "was not checked: no Core ML here."),
        (Check(name="torchscript", status="passed", probes=8, max_absolute_error=0.0), "exactly the numbers"),
        (Check(name="coreml", status="failed", probes=1, max_relative_error=0.5), "does not agree"),
        (Check(name="coreml", status="passed", probes=1, max_relative_error=1e-3, max_absolute_error=1.0), "0.001"),
    ],
)
def test_that_a_check_is_told_in_plain_words(check: Check, words: str) -> None:
    assert words in plain_words(check)


def test_that_a_check_that_was_not_run_shows_no_numbers(qtbot: QtBot) -> None:
    model = ChecksModel()
    model.show((Check(name="coreml", status="not run", reason="r"),))
    assert texts(model, 0)[1:6] == ["not run", "–", "–", "–", "–"]


def test_that_recent_files_that_are_gone_are_not_shown(tmp_path: Path) -> None:
    here = tmp_path / "a.py"
    here.write_text("")
    assert [row.path for row in recent_rows([str(here), str(tmp_path / "gone.py")])] == [here]
