from pathlib import Path

import pytest
from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.errors import Failure
from exportdesk.core.events import (
    AnyEvent,
    DiagnosticFound,
    JobCancelled,
    JobFailed,
    JobFinished,
    ProgressMade,
    StageStarted,
    WorkerStarted,
    WorkerStopped,
)
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.results import Check, ExportResult, Inspection, ModuleRow
from exportdesk.gui.state.happenings import (
    AnyHappening,
    CancelAsked,
    DocumentOpened,
    JobSubmitted,
    MessageClosed,
    RecipeReplaced,
    RecipeSaved,
    SourceChanged,
    TrustDecided,
)
from exportdesk.gui.state.reduce import reduce
from exportdesk.gui.state.session import Document, Session

RECIPE = Recipe(model=Model(file="model.py", entry="Net"))
MARKED = Recipe(model=Model(file="model.py", entry="Net"), marks={"": "script"})
DOCUMENT = Document(recipe=RECIPE, saved=RECIPE, folder=Path("/project"), out=Path("/project/out"))
ROW = ModuleRow(path="", type_name="Net", parameter_count=1, own_parameter_count=1)
FAILURE = Failure(code="load.syntax", message="It cannot be read.")


def replayed(*events: AnyEvent | AnyHappening, start: Session | None = None) -> Session:
    session = start or Session()
    for event in events:
        session = reduce(session, event)
    return session


def opened() -> Session:
    return replayed(DocumentOpened(document=DOCUMENT), TrustDecided(is_given=True))


def submitted(job: int, kind: str = "export", recipe: Recipe = RECIPE) -> JobSubmitted:
    return JobSubmitted(job=job, kind=kind, recipe=recipe, at_s=0.0)  # type: ignore[arg-type]


def result(*statuses: str) -> ExportResult:
    checks = tuple(Check(name=f"check{n}", status=status) for n, status in enumerate(statuses))
    return ExportResult(
        out="/out", files={}, checks=checks, diagnostics=(), seconds={"load": 1.5}, recipe=RECIPE, modes={}
    )


def test_that_a_model_needs_inspection_only_once_it_is_trusted() -> None:
    assert not replayed(DocumentOpened(document=DOCUMENT)).needs_inspection
    assert not replayed(DocumentOpened(document=DOCUMENT), TrustDecided(is_given=False)).needs_inspection
    assert opened().needs_inspection


def test_that_an_inspection_is_asked_for_once_and_again_after_the_model_part_changed() -> None:
    session = replayed(submitted(1, "inspect"), JobFailed(job=1, failure=FAILURE), start=opened())
    assert not session.needs_inspection
    assert not replayed(RecipeReplaced(recipe=MARKED), start=session).needs_inspection
    other = Recipe(model=Model(file="model.py", entry="Other"))
    assert replayed(RecipeReplaced(recipe=other), start=session).needs_inspection


def test_that_a_changed_file_is_inspected_again() -> None:
    session = replayed(submitted(1, "inspect"), JobFailed(job=1, failure=FAILURE), start=opened())
    changed = replayed(SourceChanged(entries=()), start=session)
    assert changed.needs_inspection
    assert changed.failure is None


def test_that_progress_belongs_to_the_present_job_alone() -> None:
    session = replayed(
        submitted(2),
        StageStarted(job=2, stage="convert"),
        ProgressMade(job=2, stage="convert", fraction=0.5),
        ProgressMade(job=1, stage="load", fraction=0.1),
        start=opened(),
    )
    assert session.job is not None
    assert (session.job.stage, session.job.fraction) == ("convert", 0.5)


def test_that_a_cancelled_job_changes_nothing_after_its_end() -> None:
    session = replayed(submitted(1), CancelAsked(job=1), JobCancelled(job=1), start=opened())
    assert session.job is None
    later = replayed(StageStarted(job=1, stage="late"), JobFinished(job=1, result=result()), start=session)
    assert later == session


def test_that_a_failure_leaves_recipe_and_former_results_as_they_were() -> None:
    before = replayed(submitted(1), JobFinished(job=1, result=result("passed")), start=opened())
    after = replayed(submitted(2), JobFailed(job=2, failure=FAILURE), start=before)
    assert after.document == before.document
    assert after.exported == before.exported
    assert after.failure == FAILURE


def test_that_a_failed_check_is_a_warning_and_a_check_not_run_is_said() -> None:
    failed = replayed(submitted(1), JobFinished(job=1, result=result("passed", "failed")), start=opened())
    assert failed.notice is not None
    assert failed.notice.tone == "warning"
    partly = replayed(submitted(1), JobFinished(job=1, result=result("passed", "not run")), start=opened())
    assert partly.notice is not None
    assert "1 not run" in partly.notice.text


def test_that_results_are_stale_after_an_edit_and_fresh_again_after_its_undo() -> None:
    session = replayed(submitted(1), JobFinished(job=1, result=result()), start=opened())
    edited = replayed(RecipeReplaced(recipe=MARKED), start=session)
    assert edited.is_result_stale
    assert not replayed(RecipeReplaced(recipe=RECIPE), start=edited).is_result_stale


def test_that_an_edit_during_an_export_makes_its_result_stale() -> None:
    session = replayed(submitted(1), RecipeReplaced(recipe=MARKED), JobFinished(job=1, result=result()), start=opened())
    assert session.is_result_stale


def test_that_what_a_job_of_a_closed_document_says_changes_nothing() -> None:
    inspection = Inspection(file="model.py", entries=(), modules=(ROW,))
    session = replayed(submitted(1, "inspect"), DocumentOpened(document=DOCUMENT), start=opened())
    assert session.job is not None
    session = replayed(JobFinished(job=1, result=inspection), start=session)
    assert session.job is None
    assert session.inspection is None


def test_that_saving_makes_the_document_unmodified() -> None:
    session = replayed(RecipeReplaced(recipe=MARKED), start=opened())
    assert session.document is not None
    assert session.document.is_modified
    saved = replayed(RecipeSaved(file=Path("/project/net.toml")), start=session)
    assert saved.document is not None
    assert not saved.document.is_modified
    assert saved.document.title == "net.toml"


def test_that_the_same_diagnostic_is_kept_once() -> None:
    found = Diagnostic(code="a.b", severity=Severity.NOTE, message="Once.", file="m.py", line=3)
    session = replayed(
        submitted(1),
        DiagnosticFound(job=1, diagnostic=found),
        DiagnosticFound(job=1, diagnostic=found),
        start=opened(),
    )
    assert session.diagnostics == (found,)


def test_that_a_stopped_worker_is_no_longer_shown() -> None:
    started = WorkerStarted(pid=1, python="3.11", torch="2.13", coremltools=None, devices=("cpu",))
    assert replayed(started).worker is not None
    assert replayed(started, WorkerStopped(reason="it was killed", is_expected=False)).worker is None


def test_that_a_closed_message_is_gone() -> None:
    session = replayed(submitted(1), JobFailed(job=1, failure=FAILURE), MessageClosed(), start=opened())
    assert session.failure is None


@pytest.mark.parametrize(
    ("name", "files", "can_edit"),
    [
        ("m.py", None, True),
        ("m.pt", {"torchscript"}, True),
        ("m.pt2", {"exported"}, False),
        ("m.mlpackage", {"coreml"}, False),
    ],
)
def test_that_a_compiled_file_is_shown_before_anything_is_exported(
    name: str, files: set[str] | None, can_edit: bool
) -> None:
    recipe = Recipe(model=Model(file=name))
    document = Document(recipe=recipe, saved=recipe, folder=Path("/p"), out=Path("/p/out"))
    session = reduce(Session(), DocumentOpened(document=document))
    assert (session.shown and set(session.shown.files)) == files
    assert session.is_editable == can_edit
    if name.startswith("m.pt"):
        assert session.shown is not None
        assert session.shown.compiled == str(document.model_file)
