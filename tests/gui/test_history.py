"""The exports that a document remembers."""

from pathlib import Path

from exportdesk.core.errors import Failure
from exportdesk.core.events import AnyEvent, JobFailed
from exportdesk.core.requests import Export, JobRequest
from exportdesk.gui.app import Workbench
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, FakeDesktop
from window_steps import export, open_loaded, recipe_of, trigger


def test_that_exports_are_remembered_with_their_document_and_their_recipe_can_be_used_again(
    workbench: Workbench, model_file: Path, desktop: FakeDesktop, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    before = recipe_of(workbench)
    panel = workbench.workspace.history
    assert [panel.model.index(0, column).data() for column in (1, 5)] == ["exported", "1 of 2"]
    workbench.workspace.run_options.form.input("checks.seed").stepBy(1)
    assert recipe_of(workbench) != before
    workbench.window.reveal_dock("history")
    panel.table.setCurrentIndex(panel.model.index(0, 0))
    qtbot.mouseClick(panel.recipe_button, Qt.MouseButton.LeftButton)
    assert recipe_of(workbench) == before
    qtbot.mouseClick(panel.reveal_button, Qt.MouseButton.LeftButton)
    assert desktop.revealed == [model_file.parent / "out" / "model"]
    trigger(workbench, "undo")
    assert recipe_of(workbench) != before
    trigger(workbench, "close")
    open_loaded(workbench, model_file, qtbot)
    assert panel.model.rowCount() == 1


def test_that_a_failed_export_is_in_the_history_with_its_reason(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    usual = client[0].answer

    def fail_exports(request: JobRequest) -> AnyEvent | None:
        failure = Failure(code="model.run", message="The model gave up.")
        return JobFailed(job=request.job, failure=failure) if isinstance(request, Export) else usual(request)

    client[0].answer = fail_exports
    trigger(workbench, "export")
    qtbot.waitUntil(lambda: workbench.session.failure is not None)
    assert workbench.workspace.history.model.index(0, 1).data() == "failed: The model gave up."
