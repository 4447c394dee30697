"""The window with a worker of our own making: what a person does, and what is to be seen."""

from pathlib import Path
from typing import get_args

import pytest
from exportdesk.core.errors import Failure
from exportdesk.core.events import AnyEvent, JobCancelled, JobFailed, JobFinished, ProgressMade
from exportdesk.core.recipe.document import read_recipe
from exportdesk.core.requests import Export, Inspect, JobRequest
from exportdesk.core.results import Check
from exportdesk.gui.actions import DECLARED, Declared
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.module_tree import MARK
from exportdesk.gui.panels.progress import stage_text
from exportdesk.gui.settings import RECENT_FILES, TRUSTED_PATHS, Settings
from exportdesk.gui.state.session import Job, JobKind
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
)
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, FakeDesktop, export_result
from window_steps import export, open_loaded, recipe_of, trigger


def test_that_nothing_runs_before_trust_is_given_and_the_outline_is_shown(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, client: list[FakeClient], qtbot: QtBot
) -> None:
    desktop.trust_answer = "no"
    workbench.open(model_file)
    assert desktop.asked == ["trust"]
    outline = workbench.workspace.tree.outline
    assert [outline.model().index(row, 0).data() for row in range(outline.model().rowCount())] == ["Body", "Net"]
    qtbot.waitUntil(lambda: bool(client))
    qtbot.wait(400)
    assert client[0].requests == []
    desktop.trust_answer = "file"
    qtbot.mouseClick(workbench.workspace.tree.trust_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None)


def test_that_trust_in_a_folder_is_remembered(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, settings: Settings, qtbot: QtBot
) -> None:
    desktop.trust_answer = "folder"
    open_loaded(workbench, model_file, qtbot)
    assert settings.get(TRUSTED_PATHS) == [str(model_file.parent)]
    open_loaded(workbench, model_file, qtbot)
    assert desktop.asked == ["trust"]


def test_that_suggested_inputs_of_a_fresh_file_are_no_edit(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    assert workbench.session.document is not None
    assert [item.name for item in workbench.session.document.recipe.inputs] == ["x"]
    assert not workbench.window.isWindowModified()
    assert workbench.undo.count() == 0


def test_that_the_keys_t_s_and_i_mark_the_selected_module_and_undo_restores(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    before = recipe_of(workbench)
    tree = workbench.workspace.tree
    workbench.window.activateWindow()
    tree.tree.setFocus()
    body = tree.tree.model().index(0, 0, tree.tree.model().index(0, 0))
    tree.tree.setCurrentIndex(body)
    qtbot.keyClick(tree.tree, Qt.Key.Key_S)
    assert workbench.session.document is not None
    assert workbench.session.document.recipe.marks == {"body": "script"}
    assert body.siblingAtColumn(MARK).data() == "script"
    assert workbench.window.isWindowModified()
    qtbot.keyClick(tree.tree, Qt.Key.Key_T)
    assert workbench.session.document.recipe.marks == {"body": "trace"}
    qtbot.keyClick(tree.tree, Qt.Key.Key_I)
    assert workbench.session.document.recipe.marks == {}
    for _ in range(3):
        trigger(workbench, "undo")
    assert recipe_of(workbench) == before
    assert not workbench.window.isWindowModified()
    trigger(workbench, "redo")
    assert workbench.session.document.recipe.marks == {"body": "script"}


def test_that_a_shape_is_typed_into_the_table_and_a_wrong_one_is_refused_in_words(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    inputs = workbench.workspace.inputs

    def type_shape(text: str) -> None:
        index = inputs.model.index(0, 1)
        inputs.table.setCurrentIndex(index)
        inputs.table.edit(index)
        editor = inputs.table.viewport().findChildren(QLineEdit)[-1]
        editor.setText(text)
        qtbot.keyClick(editor, Qt.Key.Key_Return)

    type_shape("1,3,64..512=224,8")
    qtbot.waitUntil(lambda: inputs.model.index(0, 1).data() == "1,3,64..512=224,8")
    after = recipe_of(workbench)
    type_shape("1,three")
    qtbot.waitUntil(lambda: "Not changed" in inputs.message.text())
    assert recipe_of(workbench) == after


def test_that_inputs_are_added_and_removed(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    trigger(workbench, "add_input")
    assert workbench.session.document is not None
    assert [item.name for item in workbench.session.document.recipe.inputs] == ["x", "mask"]
    trigger(workbench, "remove_input")
    assert [item.name for item in workbench.session.document.recipe.inputs] == ["x"]


def test_that_options_follow_the_recipe_and_steps_of_a_number_are_one_undo(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    before = recipe_of(workbench)
    workbench.workspace.run_options.form.input("checks.probes").stepBy(1)
    workbench.workspace.run_options.form.input("checks.probes").stepBy(1)
    workbench.workspace.run_options.form.input("checks.probes").stepBy(1)
    assert workbench.undo.count() == 1
    trigger(workbench, "undo")
    assert recipe_of(workbench) == before
    assert workbench.workspace.run_options.form.input("checks.probes").value() == 8


def test_that_an_export_shows_its_results_everywhere(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    qtbot.waitUntil(lambda: bool(workbench.session.shown and workbench.session.shown.texts))
    space = workbench.workspace
    for tab in ("tab_coreml", "tab_checks", "tab_torchscript"):
        trigger(workbench, tab)
    space.torchscript_tab.tabs.setCurrentWidget(space.torchscript_tab.pages["code"])
    assert "return x" in space.torchscript_tab.pages["code"].view.toPlainText()
    assert "5.6 kB" in space.coreml_tab.summary.text()
    assert space.coreml_tab.features.rowCount() == 2
    assert space.coreml_tab.operations.rowCount() == 2
    assert "1 of 2 checks passed, 1 could not be run." in space.checks_tab.verdict.text()
    assert workbench.window.docks["problems"].windowTitle() == "Problems (1)"
    assert "last export 4.2 s" in space.status.text.text()
    assert not space.banner.isHidden()
    qtbot.mouseClick(space.banner.reveal_button, Qt.MouseButton.LeftButton)
    assert desktop.revealed == [model_file.parent / "out" / "model"]


def test_that_a_chosen_problem_is_selected_in_tree_and_source(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    problems = workbench.workspace.problems
    problems.table.setCurrentIndex(problems.model.index(0, 0))
    assert workbench.session.selection.module == "body"
    assert workbench.workspace.tree.tree.currentIndex().siblingAtColumn(0).data() == "body"
    assert workbench.workspace.source.view.textCursor().blockNumber() == 6


def test_that_cancel_ends_the_job_and_the_next_export_works(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    fake = client[0]
    usual, fake.answer = fake.answer, lambda request: None
    trigger(workbench, "export")
    qtbot.waitUntil(lambda: len(fake.exports()) == 1)
    job = fake.exports()[0].job
    fake.on_event(ProgressMade(job=job, stage="convert", fraction=0.62))
    qtbot.waitUntil(lambda: "Convert 62%" in workbench.workspace.progress.stage.text())
    qtbot.mouseClick(workbench.workspace.progress.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: fake.cancelled == [job])
    fake.on_event(JobCancelled(job=job))
    qtbot.waitUntil(lambda: workbench.session.job is None)
    assert "cancelled" in workbench.workspace.banner.text.text()
    fake.answer = usual
    export(workbench, qtbot)


def test_that_a_failed_export_leaves_window_and_recipe_as_they_were(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    workbench.workspace.run_options.form.input("checks.probes").stepBy(1)
    before = workbench.session.document
    failure = Failure(
        code="convert.unsupported", message="It cannot be converted.", file="model.py", line=7, details="Traceback …"
    )
    client[0].answer = lambda request: JobFailed(job=request.job, failure=failure)
    trigger(workbench, "export")
    qtbot.waitUntil(lambda: workbench.session.failure is not None)
    banner = workbench.workspace.banner
    assert "It cannot be converted. (model.py:7)" in banner.text.text()
    assert banner.details.isHidden()
    qtbot.mouseClick(banner.details_button, Qt.MouseButton.LeftButton)
    assert not banner.details.isHidden()
    assert workbench.session.document == before
    assert workbench.undo.canUndo()
    qtbot.mouseClick(banner.close_button, Qt.MouseButton.LeftButton)
    assert banner.isHidden()


def test_that_a_failed_check_is_said(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)

    def answer(request: JobRequest) -> AnyEvent | None:
        if not isinstance(request, Export):
            return None
        bad = (Check(name="reloaded", status="failed", probes=8, max_relative_error=0.3),)
        return JobFinished(job=request.job, result=export_result(request, checks=bad, files={}))

    client[0].answer = answer
    export(workbench, qtbot)
    trigger(workbench, "tab_checks")
    assert "1 of 1 checks failed" in workbench.workspace.checks_tab.verdict.text()
    assert "failed" in workbench.workspace.banner.text.text()


def test_that_an_export_asked_for_while_the_model_loads_follows(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    workbench.open(model_file)
    qtbot.waitUntil(lambda: bool(client))
    usual, client[0].answer = client[0].answer, lambda request: None
    qtbot.waitUntil(lambda: workbench.session.job is not None)
    workbench.export()
    client[0].answer = usual
    # The session knows of the job before the engine's thread has handed it on.
    qtbot.waitUntil(lambda: any(isinstance(request, Inspect) for request in client[0].requests))
    inspect = next(request for request in client[0].requests if isinstance(request, Inspect))
    event = usual(inspect)
    assert event is not None
    client[0].on_event(event)
    qtbot.waitUntil(lambda: workbench.session.exported is not None)


def test_that_a_recipe_is_saved_and_opened_again(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, settings: Settings, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    workbench.workspace.run_options.form.input("checks.seed").stepBy(7)
    desktop.chosen = model_file.with_suffix(".toml")
    trigger(workbench, "save")
    assert read_recipe(desktop.chosen).checks.seed == 7
    assert not workbench.window.isWindowModified()
    assert "model.toml" in workbench.window.windowTitle()
    assert settings.get(RECENT_FILES)[0] == str(desktop.chosen)
    trigger(workbench, "open")
    assert desktop.asked == ["trust"]
    assert workbench.session.document is not None
    assert workbench.session.document.recipe.checks.seed == 7


def test_that_unsaved_edits_are_asked_about(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    workbench.workspace.run_options.form.input("checks.seed").stepBy(1)
    desktop.save_answer = "stay"
    trigger(workbench, "close")
    assert workbench.session.document is not None
    desktop.save_answer = "discard"
    trigger(workbench, "close")
    assert workbench.session.document is None
    assert workbench.window.stack.currentWidget() is workbench.window.welcome


def test_that_what_cannot_be_opened_leaves_what_is_open(
    workbench: Workbench, model_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    document = workbench.session.document
    bad = tmp_path / "bad.toml"
    bad.write_text("exportdesk = 1\n[modle]\n")
    workbench.open(bad)
    assert workbench.session.document == document
    assert "Did you mean 'model'?" in workbench.workspace.banner.text.text()


def test_that_a_file_with_a_syntax_error_shows_the_line(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import torch\n\ndef f(:\n")
    workbench.open(path)
    assert workbench.session.failure is not None
    assert workbench.workspace.source.view.textCursor().blockNumber() == 2


def test_that_a_dropped_file_is_opened(workbench: Workbench, model_file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(model_file))])
    event = QDropEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    workbench.window.dropEvent(event)
    assert workbench.session.document is not None


def test_that_a_model_file_that_changes_is_read_again(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    count = len(client[0].requests)
    model_file.write_text(model_file.read_text() + "\n\nclass Added(nn.Module):\n    def forward(self, x): return x\n")
    qtbot.waitUntil(lambda: len(client[0].requests) > count)
    assert workbench.session.document is not None
    assert "Added" in [entry.name for entry in workbench.session.document.entries]


def test_that_required_arguments_are_waited_for(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    model_file.write_text(model_file.read_text().replace("width: int = 3", "width: int"))
    workbench.open(model_file)
    qtbot.wait(400)
    assert client[0].requests == []
    field = workbench.workspace.setup.form.input("model.arguments.width")
    field.setFocus()
    qtbot.keyClicks(field, "16")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None)
    request = client[0].requests[0]
    assert isinstance(request, Inspect)
    assert request.recipe.model.arguments == {"width": 16}


def test_that_another_entry_takes_its_suggestions_in_one_step(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    before = recipe_of(workbench)
    workbench.workspace.choosers.choose_entry("Body")
    qtbot.waitUntil(lambda: bool(workbench.session.document and workbench.session.document.recipe.inputs))
    assert workbench.undo.count() == 1
    trigger(workbench, "undo")
    assert recipe_of(workbench) == before


def test_that_every_action_has_a_shortcut_of_its_own_a_menu_and_a_tip(workbench: Workbench) -> None:
    actions = workbench.window.action_table
    shortcuts = [action.shortcut().toString() for action in actions.all().values()]
    shortcuts += [dock.toggleViewAction().shortcut().toString() for dock in workbench.window.docks.values()]
    assert all(shortcuts)
    assert len(set(shortcuts)) == len(shortcuts)
    in_menus = {action for menu in actions.menus.values() for action in menu.actions()}
    assert set(actions.all().values()) <= in_menus
    assert all(isinstance(declared, Declared | str | None) for declared in DECLARED)
    assert QKeySequence("T") == actions["mark_trace"].shortcut()


@pytest.mark.parametrize("name", ["about", "shortcuts"])
def test_that_help_tells_versions_and_shortcuts(workbench: Workbench, desktop: FakeDesktop, name: str) -> None:
    trigger(workbench, name)
    assert ("torch.jit is deprecated" if name == "about" else "Mark as Traced") in desktop.told[0]


def test_that_light_and_dark_can_be_chosen_at_any_time(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    for name in ("theme_dark", "theme_light"):
        trigger(workbench, name)
        workbench.window.grab()


def test_that_what_is_selected_is_told_in_its_panel(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    tree = workbench.workspace.tree
    tree.tree.setCurrentIndex(tree.tree.model().index(0, 0, tree.tree.model().index(0, 0)))
    text = workbench.workspace.selected.text.toPlainText()
    assert text.startswith("body")
    assert "Parameters" in text
    assert "84" in text
    assert "tracing" in text


def test_that_typed_text_is_part_of_the_export_that_is_asked_for_while_typing(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    field = workbench.workspace.run_options.form.input("torchscript.check_tolerance")
    workbench.window.reveal_dock("checks")
    workbench.window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()  # type: ignore[union-attr]
    qtbot.keyClicks(field, "0.5")
    trigger(workbench, "export")
    qtbot.waitUntil(lambda: bool(client[0].exports()))
    assert client[0].exports()[0].recipe.torchscript.check_tolerance == 0.5


def test_that_every_control_has_a_name_for_those_who_cannot_see_it(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    workbench.workspace.coreml_options.form.buttons["add compression"].click()
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QPlainTextEdit, QTextBrowser)
    nameless = []
    for kind in kinds:
        for control in workbench.window.findChildren(kind):
            is_part = isinstance(control.parent(), QAbstractSpinBox | QComboBox) or "qt_" in control.objectName()
            names = (control.accessibleName(), getattr(control, "text", str)() if kind is QAbstractButton else "")
            is_qts = type(control.parent()).__name__ in (
                "QDockWidget",
                "QTabBar",
                "QLineEdit",
                "QComboBoxPrivateContainer",
            )
            # Headings of tables, and the lists that drop down.
            is_qts = is_qts or type(control).__name__ in ("QHeaderView", "QListView")
            if not any(names) and not is_part and not is_qts:
                nameless.append((type(control).__name__, type(control.parent()).__name__, control.toolTip()))
    assert nameless == []


def test_that_the_window_fits_on_a_small_screen(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    workbench.window.resize(1024, 700)
    least = workbench.window.minimumSizeHint()
    assert (workbench.window.width(), workbench.window.height()) == (1024, 700)
    assert least.width() <= 1024
    assert least.height() <= 700


def test_that_the_window_closes_when_its_cross_is_clicked_once(
    workbench: Workbench, model_file: Path, client: list[FakeClient], desktop: FakeDesktop, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    workbench.workspace.run_options.form.input("checks.seed").stepBy(1)
    desktop.save_answer = "stay"
    workbench.window.close()
    qtbot.waitUntil(lambda: "save" in desktop.asked)
    assert workbench.window.isVisible()
    desktop.save_answer = "discard"
    workbench.window.close()
    qtbot.waitUntil(lambda: not workbench.window.isVisible())
    assert client[0].is_closed


def test_that_each_kind_of_job_says_what_it_does_from_its_start() -> None:
    for kind in get_args(JobKind):
        assert stage_text(Job(id=1, kind=kind, started_s=0.0))
