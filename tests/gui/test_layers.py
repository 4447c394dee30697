"""Errors by layer in the window: a table, a picture, and the suggestion that one click puts into the recipe."""

from pathlib import Path

import msgspec
import pytest
from exportdesk.core.events import AnyEvent, JobFinished
from exportdesk.core.requests import Export, JobRequest
from exportdesk.core.results import Float32Suggestion, LayerError
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.layers import LayersModel
from exportdesk.gui.panels.layers_picture import LayersPicture
from exportdesk.gui.state.layers import float16_words, suggestion_words
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, export_result, usual_answer
from window_steps import recipe_of

GOOD = LayerError(
    module="parts.0",
    type_name="Linear",
    value="linear_0",
    operation="linear",
    max_relative_error=2e-4,
    psnr_db=81.0,
    float32_relative_error=1e-7,
    largest=3.0,
    smallest=1e-6,
    subnormal=30,
    underflowing=10,
    elements=100,
)
LOUD = LayerError(
    module="body",
    type_name="Body",
    value="square_0",
    operation="square",
    file="model.py",
    line=7,
    float32_relative_error=2e-7,
    largest=1e6,
    smallest=0.5,
    overflowing=3,
    elements=4000,
)
SUGGESTION = Float32Suggestion(
    operations=("square_0",),
    modules={"square_0": "body"},
    psnr_before_db=None,
    psnr_after_db=71.4,
    is_enough=True,
    tried=3,
    is_verified=True,
)


def answer(request: JobRequest) -> AnyEvent | None:
    if not isinstance(request, Export):
        return usual_answer(request)
    result = msgspec.structs.replace(export_result(request), layers=(GOOD, LOUD), float32_suggestion=SUGGESTION)
    return JobFinished(job=request.job, result=result)


@pytest.fixture
def exported(workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot) -> Workbench:
    workbench.open(model_file)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None and workbench.session.job is None)
    client[0].answer = answer
    workbench.window.action_table["export"].trigger()
    qtbot.waitUntil(lambda: workbench.session.exported is not None)
    workbench.window.tabs.setCurrentWidget(workbench.workspace.checks_tab)
    workbench.workspace.checks_tab.show_layers()
    return workbench


def test_that_the_table_keeps_qts_rules_and_says_what_float16_does(qtbot: QtBot) -> None:
    model = LayersModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show((GOOD, LOUD))
    cells = [str(model.index(1, column).data()) for column in range(model.columnCount())]
    assert cells == ["body", "Body", "infinite", "2e-07", "–", "1e+06 > 65504", "0.5", "3 of 4000 become infinite"]
    assert float16_words(GOOD) == "10 % become zero, 20 % lose digits"
    model.show(())
    del tester


def test_that_a_suggestion_says_what_it_brings_and_how_that_is_known() -> None:
    assert suggestion_words(SUGGESTION) == (
        "Keeping one operation of body in 32 bit: no finite numbers → 71 dB (converted again and checked)."
    )
    unsure = msgspec.structs.replace(SUGGESTION, is_verified=False, is_enough=False)
    assert "simulated" in suggestion_words(unsure)
    assert "not enough" in suggestion_words(unsure)
    assert suggestion_words(None) == ""


def test_that_one_click_keeps_the_operations_in_float32_and_can_be_undone(exported: Workbench, qtbot: QtBot) -> None:
    tab = exported.workspace.checks_tab
    assert tab.keep_button.isVisible()
    qtbot.mouseClick(tab.keep_button, Qt.MouseButton.LeftButton)
    assert recipe_of(exported).coreml.float32_operations == ("square_0",)
    assert not tab.keep_button.isEnabled(), "the recipe has it"
    exported.window.action_table["undo"].trigger()
    assert recipe_of(exported).coreml.float32_operations == ()
    assert tab.keep_button.isEnabled()


def test_that_a_layer_chosen_in_table_or_picture_is_selected_everywhere(exported: Workbench, qtbot: QtBot) -> None:
    layers = exported.workspace.checks_tab.layers
    picture = layers.findChild(LayersPicture)
    assert picture is not None
    picture.layer_chosen.emit(1)
    assert layers.table.currentIndex().row() == 1
    assert (exported.session.selection.module, exported.session.selection.line) == ("body", 7)
    assert exported.workspace.tree.tree.currentIndex().data() == "body"


def test_that_an_export_without_layers_shows_no_such_page(exported: Workbench, qtbot: QtBot, client) -> None:
    client[0].answer = usual_answer
    before = exported.session.exported
    exported.window.action_table["export"].trigger()
    qtbot.waitUntil(lambda: exported.session.exported is not before and exported.session.job is None)
    tab = exported.workspace.checks_tab
    assert not tab.layers.isVisible()
    assert not tab.keep_button.isVisible()
