"""Advice in the window: asked for, looked at, applied, taken back; findings that a person accepts."""

import subprocess
import sys
from pathlib import Path

import pytest
from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.events import AnyEvent, JobCancelled, JobFinished
from exportdesk.core.recipe.document import parse_recipe, recipe_text
from exportdesk.core.requests import Advise, JobRequest
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.advice import MarkRowsModel, PlacesModel
from exportdesk.gui.models.envelope import AxesModel
from exportdesk.gui.panels.envelope_picture import EnvelopePicture
from exportdesk.gui.panels.problems import DETAILS
from exportdesk.gui.state.advice import headline, mark_rows, places
from exportdesk.gui.state.envelope import axes
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from window_fakes import WARNING, FakeClient, advice, usual_answer

CULPRIT_LINE = 7


def opened(workbench: Workbench, path: Path, qtbot: QtBot) -> None:
    workbench.open(path)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None and workbench.session.job is None)


def advised(workbench: Workbench, path: Path, qtbot: QtBot) -> None:
    opened(workbench, path, qtbot)
    button = workbench.window.toolbar.widgetForAction(workbench.window.action_table["advise"])
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workbench.session.advised is not None)


def marks(workbench: Workbench) -> dict[str, str]:
    assert workbench.session.document is not None
    return dict(workbench.session.document.recipe.marks)


def shown_places(workbench: Workbench) -> list[str]:
    table = workbench.workspace.advice_tab.places
    return [str(table.index(row, column).data()) for row in range(table.rowCount()) for column in range(3)]


def test_that_the_button_asks_the_worker_and_the_tab_shows_the_answer(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    advised(workbench, model_file, qtbot)
    tab = workbench.workspace.advice_tab
    assert workbench.window.tabs.currentWidget() is tab
    assert tab.verdict.text() == "Script body; trace the rest."
    assert "29 probes" in tab.proof.text()
    assert shown_places(workbench) == ["culprit", "body", "model.py:7"]
    evidence = tab.evidence.toPlainText()
    assert "Your model gives" in evidence
    assert "[1, 2, 3]" in evidence
    assert "[9, 9, 9]" in evidence
    request = next(r for r in client[0].requests if isinstance(r, Advise))
    assert not request.measures_envelope
    assert request.probes_folder


def test_that_a_chosen_place_is_shown_in_tree_source_and_problems(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    advised(workbench, model_file, qtbot)
    tab = workbench.workspace.advice_tab
    tab.places_table.setCurrentIndex(tab.places.index(0, 0))
    selection = workbench.session.selection
    assert (selection.module, selection.line) == ("body", CULPRIT_LINE)
    tree = workbench.workspace.tree.tree
    assert tree.currentIndex().data() == "body"
    problems = workbench.workspace.problems
    assert problems.model.row_at(problems.table.currentIndex()) == WARNING


def test_that_applying_the_advice_is_one_step_that_can_be_taken_back(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    advised(workbench, model_file, qtbot)
    rows = workbench.workspace.advice_tab.marks
    assert [rows.index(0, column).data() for column in range(3)] == ["body", "inherit", "script"]
    apply = workbench.window.action_table["apply_advice"]
    assert apply.isEnabled()
    apply.trigger()
    assert marks(workbench) == {"body": "script"}
    assert not apply.isEnabled()
    assert workbench.workspace.advice_tab.remark.text() == "The recipe has these marks."
    workbench.window.action_table["undo"].trigger()
    assert marks(workbench) == {}
    assert apply.isEnabled()


def test_that_an_answer_that_was_not_verified_cannot_be_applied(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    error = Diagnostic(code="script.refused", severity=Severity.ERROR, message="No numpy here.", module="body")

    def answer(request: JobRequest) -> AnyEvent | None:
        if isinstance(request, Advise):
            found = advice(request, marks={}, is_verified=False, diagnostics=(error,))
            return JobFinished(job=request.job, result=found)
        return usual_answer(request)

    opened(workbench, model_file, qtbot)
    client[0].answer = answer
    workbench.window.action_table["advise"].trigger()
    qtbot.waitUntil(lambda: workbench.session.advised is not None)
    assert not workbench.window.action_table["apply_advice"].isEnabled()
    assert "none is recommended" in workbench.workspace.advice_tab.verdict.text()
    assert "in the way" in shown_places(workbench)
    assert not workbench.workspace.advice_tab.marks_table.isVisible()


def test_that_another_input_makes_the_answer_stale(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    advised(workbench, model_file, qtbot)
    assert not workbench.workspace.advice_tab.stale.isVisible()
    workbench.window.action_table["add_input"].trigger()
    assert workbench.workspace.advice_tab.stale.isVisible()
    assert not workbench.window.action_table["apply_advice"].isEnabled()


def test_that_advising_can_be_cancelled_and_changes_nothing(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    opened(workbench, model_file, qtbot)
    client[0].answer = lambda request: None
    workbench.window.action_table["advise"].trigger()
    job = workbench.session.job
    assert job is not None
    assert job.kind == "advise"
    assert not workbench.window.action_table["advise"].isEnabled()
    workbench.window.action_table["cancel"].trigger()
    qtbot.waitUntil(lambda: client[0].cancelled == [job.id])
    client[0].on_event(JobCancelled(job=job.id))
    qtbot.waitUntil(lambda: workbench.session.job is None)
    assert workbench.session.notice is not None
    assert "marks are as they were" in workbench.session.notice.text
    assert marks(workbench) == {}


def test_that_an_accepted_problem_no_longer_counts_and_comes_back_when_its_line_changes(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    advised(workbench, model_file, qtbot)
    dock = workbench.window.docks["problems"]
    assert dock.windowTitle() == "Problems (1)"
    workbench.window.action_table["acknowledge"].trigger()
    assert dock.windowTitle() == "Problems"
    assert workbench.workspace.problems.model.index(0, 0).data() == "accepted"
    document = workbench.session.document
    assert document is not None
    kept = parse_recipe(recipe_text(document.recipe)).acknowledged
    assert [(row.code, row.module, row.source) for row in kept] == [(WARNING.code, "body", WARNING.source)]
    assert not workbench.session.is_accepted(
        Diagnostic(code=WARNING.code, severity=Severity.WARNING, message="", module="body", source="if y.sum() > 0:")
    )
    workbench.window.action_table["acknowledge"].trigger()
    assert dock.windowTitle() == "Problems (1)"


def test_that_the_envelope_is_measured_and_drawn_when_it_is_in_sight(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    opened(workbench, model_file, qtbot)
    tab = workbench.workspace.envelope_tab
    assert not tab.findChildren(EnvelopePicture)
    workbench.window.action_table["measure_envelope"].trigger()
    qtbot.waitUntil(lambda: workbench.session.advised is not None)
    assert workbench.window.tabs.currentWidget() is tab
    assert len(tab.findChildren(EnvelopePicture)) == 1
    rows = [[tab.model.index(row, column).data() for column in range(4)] for row in range(tab.model.rowCount())]
    assert rows[0] == ["Batch size", "1", "2", "out is off by up to 0.3"]
    assert rows[2] == ["Device", "cpu", "none found", "not run at cuda: this machine has no cuda"]


def test_that_empty_tabs_offer_their_action(workbench: Workbench) -> None:
    for tab, name in (
        (workbench.workspace.advice_tab, "advise"),
        (workbench.workspace.envelope_tab, "measure_envelope"),
    ):
        offered = [button.defaultAction() for button in tab.findChildren(QToolButton)]
        assert workbench.window.action_table[name] in offered


def test_that_the_tables_keep_qts_rules(qtbot: QtBot, workbench: Workbench, model_file: Path) -> None:
    opened(workbench, model_file, qtbot)
    assert workbench.session.document is not None
    recipe = workbench.session.document.recipe
    found = advice(Advise(job=1, recipe=recipe, folder="/", measures_envelope=True))
    for model, rows in (
        (PlacesModel(), places(found)),
        (MarkRowsModel(), mark_rows(found, recipe)),
        (AxesModel(), axes(found)),
    ):
        tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        model.show(rows)  # type: ignore[arg-type]
        model.show(())
        del tester


def test_that_the_regions_of_an_axis_end_where_the_agreement_does(workbench: Workbench) -> None:
    found = advice(
        Advise(
            job=1, recipe=parse_recipe("exportdesk = 1\n[model]\nfile = 'm.py'\n"), folder="/", measures_envelope=True
        )
    )
    batch, scale, device = axes(found)
    assert batch.regions == ((1.0, 1.0),)
    assert scale.regions == ((-1.0, 1.0),)
    assert scale.agreement == "0.1, 10"
    assert device.agreement == "cpu"
    assert headline(found) == "Script body; trace the rest."


@pytest.mark.parametrize("name", ["pyqtgraph"])
def test_that_the_window_starts_without_the_library_of_the_picture(name: str) -> None:
    code = f"import sys, exportdesk.gui.app, exportdesk.gui.__main__; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_that_the_page_of_a_code_is_shown_without_a_network_and_left_again(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    advised(workbench, model_file, qtbot)
    story = workbench.workspace.problems.story
    assert "Details: trace.branch-on-tensor" in story.toPlainText()
    story.anchorClicked.emit(QUrl(DETAILS))
    assert "Why it matters" in story.toPlainText()
    story.anchorClicked.emit(QUrl("back"))
    assert "Details:" in story.toPlainText()
