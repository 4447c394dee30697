"""Advice: asked for, applied as one step, and findings that a person accepts."""

from PySide6.QtCore import QObject, QTemporaryDir, QTimer

from ...core.diagnostics import Diagnostic
from ...core.requests import Advise
from ..main_window import MainWindow
from ..state.advice import with_acknowledgement, with_advice
from ..state.happenings import SelectionMoved
from ..state.session import Selection, Session
from ..workspace import Workspace
from .edits import Edits
from .jobs import Jobs
from .store import Store
from .trust import Trust


class Advising(QObject):
    def __init__(
        self, store: Store, window: MainWindow, workspace: Workspace, edits: Edits, jobs: Jobs, trust: Trust
    ) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._workspace = workspace
        self._edits = edits
        self._jobs = jobs
        self._trust = trust
        self._probes: QTemporaryDir | None = None
        self._is_wished: bool | None = None
        """None: no advice is wished; True: one with the envelope waits for the worker."""
        self._connect()
        self._show_actions()

    def _connect(self) -> None:
        self._store.changed.connect(self._show_actions)
        self._store.told.connect(self._follow)
        self._workspace.advice_tab.place_chosen.connect(self._select)
        self._workspace.problems.acknowledge_wished.connect(self._acknowledge)
        self._window.action_table.connect_slots(
            advise=lambda: self.advise(with_envelope=False),
            measure_envelope=lambda: self.advise(with_envelope=True),
            apply_advice=self._apply,
            acknowledge=self._workspace.problems.acknowledge_current,
        )

    def advise(self, *, with_envelope: bool) -> None:
        """Find out what must be scripted, in the background; asks for trust first where it was not given."""
        session = self._store.session
        document = session.document
        if document is None:
            return
        tab = self._workspace.envelope_tab if with_envelope else self._workspace.advice_tab
        self._window.tabs.setCurrentWidget(tab)
        if session.trust != "given":
            self._trust.ask()
            return
        if session.job is not None or session.needs_inspection:
            # One job at a time; the inputs that loading proposes are wanted too.
            self._is_wished = with_envelope
            self._show_actions()
            return
        self._is_wished = None
        self._probes = QTemporaryDir()
        request = Advise(
            job=self._jobs.next_job(),
            recipe=document.recipe,
            folder=str(document.folder),
            measures_envelope=with_envelope,
            probes_folder=self._probes.path(),
        )
        self._jobs.submit("advise", request, document.recipe)

    def _follow(self, before: Session) -> None:
        session = self._store.session
        if before.document is not None and session.document is None:
            self._is_wished = None
        if self._is_wished is None or session.job is not None or session.needs_inspection:
            return
        if session.failure is not None:
            self._is_wished = None
            self._show_actions()
            return
        wished, self._is_wished = self._is_wished, None
        QTimer.singleShot(0, self, lambda: self.advise(with_envelope=wished))

    def _apply(self) -> None:
        session = self._store.session
        if session.advised is not None:
            advice = session.advised.advice
            self._edits.edit("Apply the advised marks", lambda recipe: with_advice(recipe, advice))

    def _acknowledge(self, diagnostic: Diagnostic) -> None:
        name = f"Accept {diagnostic.code}" if not self._is_accepted(diagnostic) else f"Show {diagnostic.code} again"
        self._edits.edit(name, lambda recipe: with_acknowledgement(recipe, diagnostic))

    def _is_accepted(self, diagnostic: Diagnostic) -> bool:
        return self._store.session.is_accepted(diagnostic)

    def _select(self, selection: Selection) -> None:
        self._store.tell(SelectionMoved(selection=selection))

    def _show_actions(self) -> None:
        now, actions = self._store.session, self._window.action_table
        is_advising = now.job is not None and now.job.kind == "advise"
        for name in ("advise", "measure_envelope"):
            actions[name].setEnabled(now.is_editable and not is_advising and self._is_wished is None)
        actions["apply_advice"].setEnabled(now.can_apply_advice)
