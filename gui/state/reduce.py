"""How the session changes: one pure function over the worker's events and the window's happenings."""

from typing import assert_never

from msgspec.structs import replace

from ...core.diagnostics import Diagnostic, without_repeats
from ...core.errors import Failure
from ...core.events import (
    AnyEvent,
    DiagnosticFound,
    JobCancelled,
    JobFailed,
    JobFinished,
    ProgressMade,
    StageStarted,
    TextPrinted,
    WorkerStarted,
    WorkerStopped,
)
from ...core.graph.model import Graph
from ...core.results import (
    Advice,
    CompressionReport,
    ExportResult,
    GraphResult,
    Inspection,
    PackageDescription,
    TextsResult,
    TimesResult,
)
from .happenings import (
    AnyHappening,
    CancelAsked,
    ComparisonMade,
    DiagnosticsGathered,
    DocumentClosed,
    DocumentOpened,
    HistoryRead,
    InputsSuggested,
    JobSubmitted,
    MessageClosed,
    NoticeShown,
    OpenFailed,
    OutChosen,
    RecipeReplaced,
    RecipeSaved,
    SelectionMoved,
    SourceChanged,
    TrustAsked,
    TrustDecided,
)
from .session import Advised, Comparison, Document, Exported, Job, Notice, Session, Shown, WorkerFacts

READING = ("texts", "graph", "package")
"""Kinds of jobs that read files for the tabs."""


def reduce(session: Session, event: AnyEvent | AnyHappening) -> Session:
    """Return the session after an event; the old one is not changed."""
    match event:
        case DocumentOpened():
            # The worker stays; everything that belonged to the former document goes.
            return Session(
                document=event.document,
                worker=session.worker,
                job=_orphaned(session.job),
                shown=_opened_file(event.document),
            )
        case DocumentClosed():
            return Session(worker=session.worker, job=_orphaned(session.job))
        case OpenFailed():
            return replace(session, failure=event.failure, notice=None)
        case TrustAsked():
            return replace(session, trust="asked")
        case TrustDecided():
            return replace(session, trust="given" if event.is_given else "refused")
        case RecipeReplaced():
            return _with_document(session, recipe=event.recipe)
        case InputsSuggested():
            return _with_document(session, recipe=event.recipe, saved=event.recipe)
        case RecipeSaved():
            document = session.document
            return _with_document(session, saved=document and document.recipe, recipe_file=event.file)
        case OutChosen():
            return _with_document(session, out=event.out)
        case SourceChanged():
            # What was inspected is no longer what is on disk.
            return replace(_with_document(session, entries=event.entries), inspected=None, failure=None, advised=None)
        case JobSubmitted():
            return _submitted(session, event)
        case DiagnosticsGathered():
            return _with_diagnostics(session, event.job, event.diagnostics)
        case CancelAsked():
            job = session.job
            return session if job is None else replace(session, job=replace(job, is_cancelling=True))
        case SelectionMoved():
            return replace(session, selection=event.selection)
        case ComparisonMade():
            return replace(session, comparison=event.comparison)
        case HistoryRead():
            return replace(session, history=event.records)
        case NoticeShown():
            return replace(session, notice=event.notice)
        case MessageClosed():
            return replace(session, failure=None, notice=None)
        case _:
            return _after_worker(session, event)


def _after_worker(session: Session, event: AnyEvent) -> Session:
    match event:
        case WorkerStarted():
            facts = WorkerFacts(
                pid=event.pid,
                python=event.python,
                torch=event.torch,
                coremltools=event.coremltools,
                devices=event.devices,
            )
            return replace(session, worker=facts)
        case WorkerStopped():
            return replace(session, worker=None)
        case TextPrinted():
            return session
    # From here on an event belongs to a job, and only the present job changes anything.
    job = session.job
    if job is None or job.id != event.job:
        return session
    if job.is_orphan:
        is_over = isinstance(event, JobFinished | JobFailed | JobCancelled)
        return replace(session, job=None) if is_over else session
    match event:
        case StageStarted():
            return replace(session, job=replace(job, stage=event.stage, fraction=None, detail=""))
        case ProgressMade():
            progressed = replace(job, stage=event.stage, fraction=event.fraction, detail=event.detail)
            return replace(session, job=progressed)
        case DiagnosticFound():
            return _with_diagnostics(session, event.job, (event.diagnostic,))
        case JobFinished():
            return _finished(session, job, event)
        case JobFailed():
            return _failed(session, job, event.failure)
        case JobCancelled():
            text = _CANCELLED.get(job.kind, "Loading was cancelled.")
            if job.kind in READING:
                return _with_remark(replace(session, job=None, job_recipe=None), job, "Reading was cancelled.")
            return replace(session, job=None, job_recipe=None, notice=Notice(tone="information", text=text))
        case _:
            assert_never(event)


def _with_diagnostics(session: Session, job_id: int, found: tuple[Diagnostic, ...]) -> Session:
    job = session.job
    # Those of an advice come together with the answer, in the place of those of an earlier one.
    if job is None or job.id != job_id or job.is_orphan or job.kind == "advise":
        return session
    return replace(session, diagnostics=_merged(session.diagnostics, found))


def _opened_file(document: Document) -> Shown | None:
    """Return what can be shown of a document before anything is exported: a compiled model is its own result."""
    if document.model_file.suffix == ".pt2":
        return Shown(files={"exported": str(document.model_file)})
    if document.is_package:
        return Shown(files={"coreml": str(document.model_file)})
    if document.model_file.suffix != ".py":
        return Shown(files={"torchscript": str(document.model_file)})
    return None


_CANCELLED = {
    "export": "The export was cancelled. Nothing was written.",
    "advise": "Advising was cancelled. The marks are as they were.",
    "compress": "Trying was cancelled. The exported files are as they were.",
}


def _orphaned(job: Job | None) -> Job | None:
    return None if job is None else replace(job, is_orphan=True)


def _submitted(session: Session, event: JobSubmitted) -> Session:
    job = Job(id=event.job, kind=event.kind, started_s=event.at_s)
    submitted = replace(session, job=job, job_recipe=event.recipe, job_file=event.file)
    match event.kind:
        case "inspect":
            return replace(submitted, inspected=event.recipe.model, failure=None)
        case "export":
            return replace(submitted, failure=None, notice=None, diagnostics=())
        case "advise" | "compress":
            return replace(submitted, failure=None, notice=None)
        case "texts" | "graph" | "package" | "compare" | "times":
            return submitted


def _finished(session: Session, job: Job, event: JobFinished) -> Session:
    worker = session.worker and replace(session.worker, memory_bytes=event.memory_bytes)
    recipe = session.job_recipe
    session = replace(session, job=None, job_recipe=None, worker=worker)
    match event.result:
        case Inspection() as inspection:
            found = _merged(session.diagnostics, inspection.diagnostics)
            if session.document is not None and not session.document.entries:
                session = _with_document(session, entries=inspection.entries)
            return replace(session, inspection=inspection, diagnostics=found)
        case ExportResult() as result:
            assert recipe is not None
            exported = Exported(result=result, recipe=recipe, seconds=sum(result.seconds.values()))
            return replace(
                session,
                exported=exported,
                what_if=None,
                shown=Shown(files=result.files, coreml=result.coreml),
                earlier_graphs=_graphs_by_kind(session) or session.earlier_graphs,
                diagnostics=_merged(session.diagnostics, result.diagnostics),
                notice=_export_notice(result),
            )
        case Advice() as advice:
            assert recipe is not None
            earlier = session.advised.advice.diagnostics if session.advised else ()
            others = tuple(known for known in session.diagnostics if known not in earlier)
            return replace(
                session,
                advised=Advised(advice=advice, recipe=recipe),
                diagnostics=_merged(advice.diagnostics, others),
            )
        case CompressionReport() as report:
            return replace(session, what_if=report)
        case TextsResult() as result:
            return _with_shown(session, texts=result.texts)
        case GraphResult(other=Graph() as other) as result:
            return replace(session, comparison=Comparison(before=result.graph, after=other))
        case GraphResult() as result:
            graphs = session.shown.graphs if session.shown else {}
            unshaped = session.shown.unshaped if session.shown else frozenset()
            unshaped = unshaped - {result.file} if result.has_shapes else unshaped | {result.file}
            return _with_shown(session, graphs={**graphs, result.file: result.graph}, unshaped=unshaped)
        case TimesResult() as result if session.shown is not None:
            shown = session.shown
            return _with_shown(
                session,
                graphs={**shown.graphs, result.file: result.graph},
                unshaped=shown.unshaped - {result.file},
                times={**shown.times, result.file: result},
            )
        case PackageDescription() as result:
            return _with_shown(session, coreml=result.summary)
        case _:
            # A result of a job that this window never asks for changes nothing here.
            return session


def _graphs_by_kind(session: Session) -> dict[str, Graph]:
    shown = session.shown
    if shown is None or session.exported is None:
        return {}
    return {kind: shown.graphs[file] for kind, file in shown.files.items() if file in shown.graphs}


def _failed(session: Session, job: Job, failure: Failure) -> Session:
    if job.kind in READING and session.shown is not None:
        # The files themselves are well: what cannot be shown of them is said where it would be.
        told = _with_remark(replace(session, job=None, job_recipe=None), job, failure.message)
        # Why a model could not be loaded says more than that its texts cannot be read.
        return told if session.exported or session.failure else replace(told, failure=failure)
    failed = replace(session, job=None, job_recipe=None, failure=failure, notice=None)
    if job.kind == "inspect":
        # Old rows would describe another model; the outline is shown instead.
        return replace(failed, inspection=None)
    return failed


def _export_notice(result: ExportResult) -> Notice:
    failed = sum(check.status == "failed" for check in result.checks)
    if failed:
        text = (
            f"Exported, but {failed} of {len(result.checks)} numeric checks failed. Look at Checks before you ship it."
        )
        return Notice(tone="warning", text=text, reveal=result.out)
    not_run = [check.name for check in result.checks if check.status == "not run"]
    passed = sum(check.status == "passed" for check in result.checks)
    told = f"{passed} numeric check{'' if passed == 1 else 's'} passed" if passed else "No numeric check was run"
    if passed and not_run:
        told += f", {len(not_run)} not run"
    return Notice(tone="success", text=f"Exported to {result.out}. {told}.{_kept_words(result)}", reveal=result.out)


def _kept_words(result: ExportResult) -> str:
    """Return what was taken over from the export before, with its checks."""
    if "convert" in result.kept:
        return " Nothing had to be converted again: what changed concerns names and descriptions only."
    return " The compiled model was kept: nothing that it depends on has changed." if result.kept else ""


def _merged(known: tuple[Diagnostic, ...], found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(without_repeats([*known, *found]))


def _with_shown(session: Session, **changes: object) -> Session:
    return session if session.shown is None else replace(session, shown=replace(session.shown, **changes))


def _with_remark(session: Session, job: Job, text: str) -> Session:
    remarks = session.shown.remarks if session.shown else {}
    key = job.kind if job.kind in ("package", "texts") else session.job_file or ""
    return _with_shown(session, remarks={**remarks, key: text})


def _with_document(session: Session, **changes: object) -> Session:
    if session.document is None:
        return session
    return replace(session, document=replace(session.document, **changes))
