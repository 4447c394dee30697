"""Thousands of findings: shown at once, and no weight on what follows."""

import time
from pathlib import Path

from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.events import AnyEvent, DiagnosticFound
from exportdesk.core.requests import Export, JobRequest
from exportdesk.gui.app import Workbench
from exportdesk.gui.panels.log import LINE_LIMIT, PENDING_LIMIT
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, usual_answer
from window_steps import export, open_loaded

COUNT = 3000


def finding(number: int) -> Diagnostic:
    return Diagnostic(
        code="trace.branch-on-tensor",
        severity=Severity.WARNING,
        message=f"Finding {number}" + " of many words" * (2000 if number % 500 == 0 else 4),
        module="body",
        file="model.py",
        line=number,
    )


def test_that_thousands_of_findings_are_shown_without_a_halt(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)

    def answer(request: JobRequest) -> AnyEvent | None:
        if isinstance(request, Export):
            for number in range(1, COUNT + 1):
                client[0].on_event(DiagnosticFound(job=request.job, diagnostic=finding(number)))
        return usual_answer(request)

    client[0].answer = answer
    start = time.perf_counter()
    export(workbench, qtbot)
    table = workbench.workspace.problems.table
    assert table.model().rowCount() == COUNT
    table.setFocus()
    for _ in range(20):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    # It took minutes when each finding had all of them shown anew.
    assert time.perf_counter() - start < 8


def test_that_a_finding_is_shown_while_its_job_still_runs(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)

    def answer(request: JobRequest) -> AnyEvent | None:
        if not isinstance(request, Export):
            return usual_answer(request)
        client[0].on_event(DiagnosticFound(job=request.job, diagnostic=finding(7)))
        return None

    client[0].answer = answer
    workbench.export()
    qtbot.waitUntil(lambda: workbench.workspace.problems.model.rowCount() == 1)
    assert workbench.session.job is not None


def test_that_a_flood_of_text_says_what_it_leaves_out(workbench: Workbench, qtbot: QtBot) -> None:
    log = workbench.workspace.log
    line = "what this model says when it is run\n"
    log.add(line * (3 * PENDING_LIMIT // len(line)))
    qtbot.waitUntil(lambda: not log._pending)
    assert "faster than they can be read" in log.text.toPlainText()
    assert log.text.toPlainText().rstrip().endswith(line.strip())
    for _ in range(6):
        log.add(line * (PENDING_LIMIT // len(line)))
        qtbot.waitUntil(lambda: not log._pending)
    assert log.text.blockCount() == LINE_LIMIT
    assert not log._remark.isHidden()
    log.clear()
    assert log.text.toPlainText() == ""
