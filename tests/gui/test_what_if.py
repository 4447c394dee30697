"""What if the weights were smaller: tried on the exported files, compared, chosen, undone."""

from pathlib import Path

from exportdesk.core.events import JobFinished
from exportdesk.core.recipe.model import CoreMLCompression, Model, Recipe
from exportdesk.core.requests import Export, TryCompression
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.compression import TrialsModel
from exportdesk.gui.panels.what_if_picture import WhatIfPicture
from exportdesk.gui.state.reduce import reduce
from exportdesk.gui.state.session import Job, Session
from exportdesk.gui.state.what_if import title
from msgspec.structs import replace
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, compression, export_result


def exported(workbench: Workbench, path: Path, qtbot: QtBot) -> None:
    workbench.open(path)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None and workbench.session.job is None)
    workbench.export()
    qtbot.waitUntil(lambda: workbench.session.exported is not None and workbench.session.job is None)


def test_that_choices_are_tried_compared_and_one_goes_into_the_recipe(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    actions, tab = workbench.window.action_table, workbench.workspace.what_if_tab
    assert not actions["try_compression"].isEnabled()
    exported(workbench, model_file, qtbot)
    assert actions["try_compression"].isEnabled()
    assert not actions["use_compression"].isEnabled()
    actions["try_compression"].trigger()
    qtbot.waitUntil(lambda: workbench.session.what_if is not None)
    assert workbench.window.tabs.currentWidget() is tab
    rows = [[tab.model.index(row, column).data() for column in range(4)] for row in range(tab.model.rowCount())]
    assert rows[0] == ["as it is", "8.0 MB", "100%", "74.0 dB"]
    assert rows[2] == ["table of 4 values", "1.2 MB", "15%", "14.0 dB"]
    assert rows[3] == ["4 bits a block of 32", "", "", "not possible"]
    assert "55% of the size: 8 bits." in tab.words.text()
    assert len(tab.findChildren(WhatIfPicture)) == 1
    assert tab.chosen is not None
    assert tab.chosen.label == "quantize:8", "the smallest good one is chosen"
    actions["use_compression"].trigger()
    assert workbench.session.document is not None
    assert workbench.session.document.recipe.coreml.compression == (CoreMLCompression(method="quantize"),)
    assert not actions["use_compression"].isEnabled()
    workbench.undo.undo()
    assert workbench.session.document.recipe.coreml.compression == ()
    tab.table.setCurrentIndex(tab.model.index(3, 0))
    assert not actions["use_compression"].isEnabled(), "what cannot be is not chosen"


def test_that_another_export_puts_the_old_comparison_away(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    exported(workbench, model_file, qtbot)
    workbench.window.action_table["try_compression"].trigger()
    qtbot.waitUntil(lambda: workbench.session.what_if is not None)
    workbench.export()
    qtbot.waitUntil(lambda: workbench.session.what_if is None and workbench.session.job is None)


def test_that_the_table_keeps_qts_rules_and_says_what_each_choice_does(qtbot: QtBot) -> None:
    report = compression(TryCompression(job=1, bundle="/out"))
    model = TrialsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show(report.trials)
    steps = (CoreMLCompression(method="prune"), CoreMLCompression(method="palettize", bits=4, granularity="group"))
    assert (
        title(type(report.trials[0])(label="", steps=steps))
        == "50% of the weights zero, then table of 16 values for 32 channels"
    )


def test_that_what_an_export_has_kept_is_said() -> None:
    request = Export(job=1, recipe=Recipe(model=Model(file="m.py")), folder="/", out="/out", staging="/s")
    for kept, words in (
        ((), ""),
        (("compile",), "compiled model was kept"),
        (("compile", "convert"), "converted again"),
    ):
        started = replace(Session(), job=Job(id=1, kind="export", started_s=0.0), job_recipe=request.recipe)
        told = reduce(started, JobFinished(job=1, result=export_result(request, kept=kept))).notice
        assert told is not None
        assert (words in told.text) if words else ("kept" not in told.text)
