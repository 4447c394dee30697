"""Jobs of the worker: loading, exporting, reading what was exported; one at a time."""

import time
from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from ...core.errors import ExportDeskError
from ...core.events import AnyEvent, DiagnosticFound, JobFailed, JobFinished, TextPrinted, WorkerStopped
from ...core.recipe.model import Recipe
from ...core.requests import DescribePackage, Export, Inspect, JobRequest, ReadGraph, ShowTexts
from ...core.results import ExportResult, Inspection
from ...core.staged_files import staging_beside
from ..engine_thread import EngineThread
from ..main_window import MainWindow
from ..state.edits import with_suggested_inputs
from ..state.happenings import CancelAsked, DiagnosticsGathered, InputsSuggested, JobSubmitted
from ..state.session import JobKind, Session, Shown
from ..workspace import Workspace
from .edits import Edits
from .later import later
from .store import Store
from .trust import Trust

GATHER_DELAY_MS = 100
INSPECT_DELAY_MS = 300
"""Edits of the model's set-up that follow each other load the model once."""


class Jobs(QObject):
    export_ended = Signal(bool)
    """An export ended; True when it wrote its files and no check failed."""

    def __init__(
        self,
        store: Store,
        window: MainWindow,
        workspace: Workspace,
        engine: EngineThread,
        edits: Edits,
        trust: Trust,
    ) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._log = workspace.log
        self._engine = engine
        self._edits = edits
        self._trust = trust
        self._is_export_wished = False
        self._gathered: list[DiagnosticFound] = []
        self._gather_soon = later(self, GATHER_DELAY_MS, self._tell_gathered)
        self._inspect_soon = later(self, INSPECT_DELAY_MS, self._inspect)
        engine.event_arrived.connect(self._take_event)
        store.changed.connect(self._show_actions)
        store.told.connect(self._follow)
        window.action_table.connect_slots(export=self.export, cancel=self.cancel)
        self._show_actions()

    def export(self) -> None:
        """Run the recipe in the background; asks for trust first where it was not given."""
        self._edits.commit()
        session = self._store.session
        document = session.document
        if document is None or document.is_package:
            return
        if session.trust != "given":
            self._trust.ask()
            return
        if session.job is not None:
            # One job at a time: a model that is being loaded is exported as soon as that has ended.
            self._is_export_wished = session.job.kind != "export"
            self._show_actions()
            return
        out = document.out
        request = Export(
            job=self._engine.next_job(),
            recipe=document.recipe,
            folder=str(document.folder),
            out=str(out),
            staging=str(staging_beside(out)),
        )
        self.submit("export", request, document.recipe)

    def cancel(self) -> None:
        """End what runs, within a second."""
        self._is_export_wished = False
        job = self._store.session.job
        if job is not None:
            self._engine.cancel(job.id)
            self._store.tell(CancelAsked(job=job.id))

    def drop(self) -> None:
        """End what runs for a document that is about to go."""
        self._is_export_wished = False
        if self._store.session.job is not None:
            self._engine.cancel(self._store.session.job.id)

    def _take_event(self, event: AnyEvent) -> None:
        if isinstance(event, TextPrinted):
            self._log.add(event.text)
            return
        if isinstance(event, DiagnosticFound):
            self._gathered.append(event)
            if not self._gather_soon.isActive():
                self._gather_soon.start()
            return
        self._tell_gathered()
        job = self._store.session.job
        self._store.tell(event)
        is_ours = job is not None and not job.is_orphan
        match event:
            case JobFinished(result=Inspection() as inspection) if is_ours and job and job.id == event.job:
                self._suggest_inputs(inspection)
            case JobFinished(result=ExportResult() as result) if is_ours and job and job.id == event.job:
                self.export_ended.emit(result.is_good)
            case JobFailed() if job and job.kind == "export":
                self.export_ended.emit(False)
            case WorkerStopped(is_expected=True) if self._store.session.document is not None:
                # Warm again for the next export; after a crash the next job starts it.
                self._engine.warm_up()

    def _tell_gathered(self) -> None:
        """Show what was found since the last time, all at once."""
        gathered, self._gathered = self._gathered, []
        for job, found in groupby(gathered, key=lambda event: event.job):
            diagnostics = tuple(event.diagnostic for event in found)
            self._store.tell(DiagnosticsGathered(job=job, diagnostics=diagnostics))

    def _follow(self, before: Session) -> None:
        if before.job is not None and self._store.session.job is None and self._is_export_wished:
            self._is_export_wished = False
            QTimer.singleShot(0, self, self.export)
        elif self._store.session.needs_inspection:
            self._inspect_soon.start()
        elif self._store.session.trust == "given":
            self._read_next()

    def _show_actions(self) -> None:
        now, actions = self._store.session, self._window.action_table
        is_exporting = now.job is not None and now.job.kind == "export"
        can_export = now.document is not None and not now.document.is_package
        actions["export"].setEnabled(can_export and not is_exporting and not self._is_export_wished)
        actions["cancel"].setEnabled(now.job is not None and not now.job.is_cancelling)

    def _inspect(self) -> None:
        document = self._store.session.document
        if document is not None and self._store.session.needs_inspection:
            request = Inspect(job=self._engine.next_job(), recipe=document.recipe, folder=str(document.folder))
            self.submit("inspect", request, document.recipe)

    def next_job(self) -> int:
        """Return the number of a new job."""
        return self._engine.next_job()

    def submit(self, kind: JobKind, request: JobRequest, recipe: Recipe, file: str | None = None) -> None:
        """Give the worker a job; there must be none."""
        # The session knows of the job before the first event of it can come.
        self._store.tell(JobSubmitted(job=request.job, kind=kind, recipe=recipe, file=file, at_s=time.monotonic()))
        self._engine.submit(request)

    def _read_next(self) -> None:
        """Read what is not shown yet of the files on show, one after the other, unless something else has to run."""
        session = self._store.session
        shown, document = session.shown, session.document
        if shown is None or document is None or session.job is not None:
            return
        if self._is_export_wished or session.needs_inspection:
            return
        step = next(_unread(shown), None)
        if step is None:
            return
        what, file = step
        job = self._engine.next_job()
        match what:
            case "texts":
                self.submit("texts", ShowTexts(job=job, file=file), document.recipe, file)
            case "package":
                self.submit("package", DescribePackage(job=job, package=file), document.recipe, file)
            case "graph" | "shapes":
                # Shapes take torch as long as all the rest: the graph is shown without them first.
                is_script = file == shown.files.get("torchscript")
                request = ReadGraph(job=job, file=file, has_shapes=what == "shapes" or not is_script)
                self.submit("graph", request, document.recipe, file)

    def _suggest_inputs(self, inspection: Inspection) -> None:
        document = self._store.session.document
        if document is None:
            return
        try:
            recipe = with_suggested_inputs(document.recipe, inspection.suggested_inputs)
        except ExportDeskError:
            return  # a proposal that is no valid recipe is no proposal
        if recipe == document.recipe:
            return
        if self._edits.undo.count() == 0 and not document.is_modified and document.recipe_file is None:
            self._store.tell(InputsSuggested(recipe=recipe))
        else:
            self._edits.push("Use suggested inputs", document.recipe, recipe, f"entry {recipe.model.entry}")


def _unread(shown: Shown) -> Iterator[tuple[Literal["graph", "texts", "package", "shapes"], str]]:
    """Yield what is to be read of the files on show, what is looked at first at first."""
    script, package = (shown.files.get(kind, "") for kind in ("torchscript", "coreml"))
    if shown.compiled and shown.compiled not in shown.graphs and shown.compiled not in shown.remarks:
        yield "graph", shown.compiled
    if script and shown.texts is None and "texts" not in shown.remarks:
        yield "texts", script
    if package and shown.coreml is None and "package" not in shown.remarks:
        yield "package", package
    if package and package not in shown.graphs and package not in shown.remarks:
        yield "graph", package
    if script in shown.unshaped and script not in shown.remarks:
        yield "shapes", script
