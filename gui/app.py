"""Connects everything: wishes become edits and jobs, events become a new session, which all panels show."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QUndoStack

from ..core.diagnostics import Diagnostic
from ..core.errors import ExportDeskError
from ..core.events import AnyEvent, JobFailed, JobFinished, TextPrinted, WorkerStopped
from ..core.recipe.model import Recipe
from ..core.requests import Export, Inspect, JobRequest, ReadGraph, ShowTexts
from ..core.results import ExportResult, Inspection
from ..core.staged_files import staging_beside
from . import settings as known
from . import theme
from .commands import ReplaceRecipe
from .desktop import OPEN_FILTER, RECIPE_FILTER, WEIGHTS_FILTER, Desktop, SaveAnswer, TrustAnswer
from .engine_thread import EngineThread
from .main_window import MainWindow
from .models.paths import example_rows, recent_rows
from .panels.edits import Edit
from .panels.graph_page import load_drawing_code
from .settings import Settings
from .state.documents import is_example, open_document, outline_of, save_document
from .state.edits import relative_text, with_added_input, with_model, with_suggested_inputs, without_inputs
from .state.happenings import (
    AnyHappening,
    CancelAsked,
    DocumentClosed,
    DocumentOpened,
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
from .state.reduce import reduce
from .state.session import JobKind, Notice, Selection, Session
from .workspace import Workspace

DRAWING_CODE_DELAY_MS = 1500
INSPECT_DELAY_MS = 300
"""Edits of the model's set-up that follow each other load the model once."""


class Workbench(QObject):
    """One window's work: the session, its undo stack and the engine."""

    export_ended = Signal(bool)
    """An export ended; True when it wrote its files and no check failed."""

    def __init__(self, window: MainWindow, settings: Settings, desktop: Desktop, engine: EngineThread) -> None:
        super().__init__(window)
        self.session = Session()
        self.undo = QUndoStack(self)
        self.window = window
        self._settings = settings
        self._desktop = desktop
        self._engine = engine
        self._is_export_wished = False
        self._watcher = QFileSystemWatcher(self)
        self._inspect_soon = _later(self, INSPECT_DELAY_MS, self._inspect)
        self._read_soon = _later(self, 150, self.reload)
        window.build()
        window.show_icons()
        self.workspace = Workspace(window)
        self._connect_engine()
        self._connect_panels()
        self._connect_actions()
        self._use_zoom(settings.get(known.TEXT_ZOOM))
        self._show_files()
        self._show(None)

    # Set-up.

    def _connect_engine(self) -> None:
        self._engine.event_arrived.connect(self._take_event)
        self._watcher.fileChanged.connect(self._read_soon.start)
        self.undo.canUndoChanged.connect(self._show_undo)
        self.undo.canRedoChanged.connect(self._show_undo)
        self.undo.indexChanged.connect(self._show_undo)
        self._show_undo()

    def _connect_panels(self) -> None:
        space = self.workspace
        for panel in space.editing_panels():
            panel.edit_wished.connect(partial(self._edit_from, panel))
        space.tree.module_chosen.connect(self._select_module)
        space.tree.entry_wished.connect(self._choose_entry)
        space.problems.problem_chosen.connect(self._select_problem)
        space.source.line_chosen.connect(self._select_line)
        space.banner.closed.connect(lambda: self.tell(MessageClosed()))
        space.banner.place_wished.connect(self._show_place)
        space.banner.reveal_wished.connect(self._reveal)
        space.coreml_tab.reveal_wished.connect(self._reveal)
        for graph in (space.torchscript_tab.graph, space.coreml_tab.graph):
            graph.module_chosen.connect(self._select_module)
            graph.line_chosen.connect(self._select_line_of_node)
            graph.failed.connect(lambda text: self.tell(NoticeShown(notice=Notice(tone="warning", text=text))))
        self.window.welcome.open_wished.connect(self.open)
        self.window.file_dropped.connect(self.open)
        self.window.close_wished.connect(self.quit)

    def _connect_actions(self) -> None:
        actions = self.window.action_table
        slots: dict[str, Callable[[], object]] = {
            "open": self._choose_file,
            "save": self.save,
            "save_as": self._choose_recipe_file,
            "reload": self.reload,
            "close": self.close_document,
            "quit": self.quit,
            "undo": self.undo.undo,
            "redo": self.undo.redo,
            "find": self.workspace.focus_search,
            "filter_modules": self.workspace.focus_filter,
            "larger_text": lambda: self._use_zoom(self._settings.get(known.TEXT_ZOOM) + 1),
            "smaller_text": lambda: self._use_zoom(self._settings.get(known.TEXT_ZOOM) - 1),
            "usual_text": lambda: self._use_zoom(0),
            "theme_system": lambda: self._use_theme("system"),
            "theme_light": lambda: self._use_theme("light"),
            "theme_dark": lambda: self._use_theme("dark"),
            "full_screen": lambda: self.window.setWindowState(
                self.window.windowState() ^ Qt.WindowState.WindowFullScreen
            ),
            "trust": self._ask_trust,
            "add_input": self._add_input,
            "remove_input": self._remove_inputs,
            "choose_weights": self._choose_weights,
            "export": self.export,
            "export_to": self._choose_out,
            "cancel": self.cancel,
            "reveal": lambda: self._reveal(str(self.session.exported.result.out) if self.session.exported else ""),
            "tab_torchscript": lambda: self.window.tabs.setCurrentIndex(0),
            "tab_coreml": lambda: self.window.tabs.setCurrentIndex(1),
            "tab_checks": lambda: self.window.tabs.setCurrentIndex(2),
            "restore_layout": self.window.use_usual_layout,
            "shortcuts": self._tell_shortcuts,
            "about": self._tell_about,
        }
        for name, slot in slots.items():
            actions[name].triggered.connect(lambda checked=False, slot=slot: slot())
        actions[f"theme_{self._settings.get(known.THEME)}"].setChecked(True)
        actions.submenus["Open Recent"].aboutToShow.connect(self._fill_recent)
        actions.submenus["Examples"].aboutToShow.connect(self._fill_examples)
        self._fill_recent()
        self._fill_examples()

    # The session.

    def tell(self, event: AnyEvent | AnyHappening) -> None:
        """Take what happened into the session, show it, and do what follows from it."""
        before = self.session
        self.session = reduce(before, event)
        if self.session != before:
            self._show(before)
        self._follow(before)

    def _take_event(self, event: AnyEvent) -> None:
        if isinstance(event, TextPrinted):
            self.workspace.log.add(event.text)
            return
        job = self.session.job
        self.tell(event)
        match event:
            case JobFinished(result=Inspection() as inspection) if job and job.id == event.job and not job.is_orphan:
                self._suggest_inputs(inspection)
            case JobFinished(result=ExportResult() as result) if job and job.id == event.job and not job.is_orphan:
                self._after_export(result)
            case JobFinished() | JobFailed() if job and job.kind in ("texts", "graph") and not job.is_orphan:
                self._read_next()
            case JobFailed() if job and job.kind == "export":
                self.export_ended.emit(False)
            case WorkerStopped(is_expected=True) if self.session.document is not None:
                # Warm again for the next export; after a crash the next job starts it.
                self._engine.warm_up()

    def _show(self, before: Session | None) -> None:
        now = self.session
        self.workspace.show_state(before, now)
        document = now.document
        self.window.show_workspace(document is not None)
        self.window.setWindowTitle(f"{document.title}[*] — ExportDesk" if document else "ExportDesk")
        self.window.setWindowModified(bool(document and document.is_modified))
        actions = self.window.action_table
        actions["trust"].setEnabled(document is not None and now.trust != "given")
        is_exporting = now.job is not None and now.job.kind == "export"
        actions["export"].setEnabled(document is not None and not is_exporting and not self._is_export_wished)
        actions["cancel"].setEnabled(now.job is not None and not now.job.is_cancelling)
        actions["reveal"].setEnabled(now.exported is not None)
        for mark in ("trace", "script", "inherit"):
            actions[f"mark_{mark}"].setEnabled(now.inspection is not None)

    def _follow(self, before: Session) -> None:
        if before.job is not None and self.session.job is None and self._is_export_wished:
            self._is_export_wished = False
            QTimer.singleShot(0, self, self.export)
        elif self.session.needs_inspection:
            self._inspect_soon.start()
        now, missing = self.session.document, self.session.document and self.session.document.missing_arguments
        if now is not None and missing and (before.document is None or before.document.missing_arguments != missing):
            self.window.reveal_dock("setup")

    # Opening and saving.

    def open(self, path: Path) -> None:
        """Open a model file or a recipe, after asking about unsaved edits."""
        self._after_saving(lambda: self._open(path))

    def _open(self, path: Path) -> None:
        try:
            document, failure = open_document(path)
        except ExportDeskError as error:
            self.tell(OpenFailed(failure=error.failure))
            return
        if self.session.job is not None:
            self._engine.cancel(self.session.job.id)
        self._is_export_wished = False
        self.undo.clear()
        self._watch(document.model_file)
        self._engine.warm_up()
        # While the worker starts the window has nothing to do; right now it would have to wait.
        QTimer.singleShot(DRAWING_CODE_DELAY_MS, self, load_drawing_code)
        self.tell(DocumentOpened(document=document))
        self._settings.put(known.LAST_FOLDER, str(path.absolute().parent))
        if not is_example(path):
            self._settings.remember_file(str(path.absolute()))
        self._show_files()
        if failure is not None:
            self.tell(OpenFailed(failure=failure))
            self._show_place(failure.file or "", failure.line or 1)
        elif self._is_trusted(document.model_file):
            self.tell(TrustDecided(is_given=True))
        else:
            self._ask_trust()

    def close_document(self) -> None:
        def close() -> None:
            if self.session.job is not None:
                self._engine.cancel(self.session.job.id)
            self.undo.clear()
            self._watch(None)
            self.tell(DocumentClosed())
            self._show_files()

        self._after_saving(close)

    def quit(self) -> None:
        """Ask about unsaved edits, then end the worker and close the window."""

        def leave() -> None:
            self._engine.close()
            self.window.close_for_good()

        self._after_saving(leave)

    def save(self, then: Callable[[], None] | None = None) -> None:
        document = self.session.document
        if document is None:
            return
        if document.recipe_file is None or is_example(document.recipe_file):
            self._choose_recipe_file(then)
        else:
            self._save(document.recipe_file, then)

    def _save(self, file: Path, then: Callable[[], None] | None = None) -> None:
        document = self.session.document
        if document is None:
            return
        try:
            save_document(document, file.absolute())
        except ExportDeskError as error:
            self.tell(OpenFailed(failure=error.failure))
            return
        self.tell(RecipeSaved(file=file.absolute()))
        self._settings.remember_file(str(file.absolute()))
        self.window.statusBar().showMessage(f"Saved {file}", 5000)
        if then is not None:
            then()

    def _after_saving(self, then: Callable[[], None]) -> None:
        """Go on once nothing unsaved would be lost, or the person does not mind."""
        document = self.session.document
        if document is None or not document.is_modified:
            then()
            return

        def answered(answer: SaveAnswer) -> None:
            if answer == "save":
                self.save(then)
            elif answer == "discard":
                then()

        self._desktop.ask_save(document.title, answered)

    def reload(self) -> None:
        """Read the model file again, as it may have changed."""
        document = self.session.document
        if document is None:
            return
        self._watch(document.model_file)
        entries, failure = outline_of(document.model_file)
        self.tell(SourceChanged(entries=entries or document.entries))
        if failure is not None:
            self.tell(OpenFailed(failure=failure))

    def _watch(self, file: Path | None) -> None:
        # An editor that saves by rename ends a watch, so it is begun anew each time.
        if watched := self._watcher.files():
            self._watcher.removePaths(watched)
        if file is not None and file.exists() and not is_example(file):
            self._watcher.addPath(str(file))

    # Trust.

    def _is_trusted(self, model_file: Path) -> bool:
        if model_file.suffix != ".py" or is_example(model_file):
            return True  # a TorchScript file is not Python, and the examples are ours
        trusted = [Path(path) for path in self._settings.get(known.TRUSTED_PATHS)]
        return any(path == model_file or path in model_file.parents for path in trusted)

    def _ask_trust(self) -> None:
        document = self.session.document
        if document is None or self.session.trust in ("given", "asked"):
            return
        self.tell(TrustAsked())

        def answered(answer: TrustAnswer) -> None:
            if self.session.document is None or self.session.document.model_file != document.model_file:
                return
            if answer != "no":
                path = document.model_file if answer == "file" else document.model_file.parent
                self._settings.put(known.TRUSTED_PATHS, [*self._settings.get(known.TRUSTED_PATHS), str(path)])
            self.tell(TrustDecided(is_given=answer != "no"))

        self._desktop.ask_trust(document.model_file, answered)

    # Jobs.

    def export(self) -> None:
        """Run the recipe in the background; asks for trust first where it was not given."""
        document, session = self.session.document, self.session
        if document is None:
            return
        if session.trust != "given":
            self._ask_trust()
            return
        if session.job is not None:
            # One job at a time: a model that is being loaded is exported as soon as that has ended.
            self._is_export_wished = session.job.kind != "export"
            self._show(self.session)
            return
        job, out = self._engine.next_job(), document.out
        self._submit(
            "export",
            Export(
                job=job,
                recipe=document.recipe,
                folder=str(document.folder),
                out=str(out),
                staging=str(staging_beside(out)),
            ),
            document.recipe,
        )

    def cancel(self) -> None:
        """End what runs, within a second."""
        self._is_export_wished = False
        if self.session.job is not None:
            self._engine.cancel(self.session.job.id)
            self.tell(CancelAsked(job=self.session.job.id))

    def _inspect(self) -> None:
        document = self.session.document
        if document is not None and self.session.needs_inspection:
            request = Inspect(job=self._engine.next_job(), recipe=document.recipe, folder=str(document.folder))
            self._submit("inspect", request, document.recipe)

    def _submit(self, kind: JobKind, request: JobRequest, recipe: Recipe, file: str | None = None) -> None:
        # The session knows of the job before the first event of it can come.
        self.tell(JobSubmitted(job=request.job, kind=kind, recipe=recipe, file=file, at_s=time.monotonic()))
        self._engine.submit(request)

    def _after_export(self, result: ExportResult) -> None:
        self._read_next()
        self.export_ended.emit(result.is_good)

    def _read_next(self) -> None:
        """Read what is not shown yet of the exported files, one after the other, unless something else has to run."""
        exported, job = self.session.exported, self.session.job
        if exported is None or job is not None or self._is_export_wished or self.session.needs_inspection:
            return
        files = exported.result.files
        for kind in ("torchscript", "coreml"):
            file = files.get(kind)
            if file is None or file in exported.remarks:
                continue
            if kind == "torchscript" and exported.texts is None:
                self._submit("texts", ShowTexts(job=self._engine.next_job(), file=file), exported.recipe, file)
                return
            if file not in exported.graphs:
                self._submit("graph", ReadGraph(job=self._engine.next_job(), file=file), exported.recipe, file)
                return

    def _suggest_inputs(self, inspection: Inspection) -> None:
        document = self.session.document
        if document is None:
            return
        try:
            recipe = with_suggested_inputs(document.recipe, inspection.suggested_inputs)
        except ExportDeskError:
            return  # a proposal that is no valid recipe is no proposal
        if recipe == document.recipe:
            return
        if self.undo.count() == 0 and not document.is_modified and document.recipe_file is None:
            self.tell(InputsSuggested(recipe=recipe))
        else:
            self._push("Use suggested inputs", document.recipe, recipe, f"entry {recipe.model.entry}")

    # Edits.

    def edit(self, name: str, edit: Edit, merge_key: str = "") -> None:
        """Do an edit as one undoable step.

        Raises:
            ExportDeskError: what was typed cannot be; nothing has changed.
        """
        document = self.session.document
        if document is not None and (after := edit(document.recipe)) != document.recipe:
            self._push(name, document.recipe, after, merge_key)

    def _push(self, name: str, before: Recipe, after: Recipe, merge_key: str) -> None:
        self.undo.push(ReplaceRecipe(name, before, after, lambda r: self.tell(RecipeReplaced(recipe=r)), merge_key))

    def _edit_from(self, panel: QObject, name: str, edit: object, merge_key: str) -> None:
        try:
            self.edit(name, cast(Edit, edit), merge_key)
        except ExportDeskError as error:
            if panel is self.workspace.inputs:
                self.workspace.inputs.show_refusal(error.failure)
            else:
                self.tell(OpenFailed(failure=error.failure))
            self.workspace.show_edited(self.session)

    def _add_input(self) -> None:
        inspection = self.session.inspection
        names = tuple(p.name for p in inspection.signature if not p.kind.startswith("var_")) if inspection else ()
        self.edit("Add an input", lambda recipe: with_added_input(recipe, names))
        self.window.reveal_dock("inputs")
        if self.session.document is not None:
            self.workspace.inputs.select_row(len(self.session.document.recipe.inputs) - 1)

    def _remove_inputs(self) -> None:
        rows = self.workspace.inputs.selected_rows()
        if rows:
            self.edit("Remove inputs" if len(rows) > 1 else "Remove an input", lambda r: without_inputs(r, rows))

    def _show_undo(self) -> None:
        actions = self.window.action_table
        for name, can, text in (
            ("undo", self.undo.canUndo(), self.undo.undoText()),
            ("redo", self.undo.canRedo(), self.undo.redoText()),
        ):
            actions[name].setEnabled(can)
            actions[name].setText(f"&{name.title()} {text}".strip())

    # Selection.

    def _choose_entry(self, name: str) -> None:
        self.workspace.choosers.choose_entry(name)
        document = self.session.document
        if document is not None and document.entry is not None:
            self.tell(SelectionMoved(selection=Selection(file=document.recipe.model.file, line=document.entry.line)))

    def _select_module(self, path: str) -> None:
        rows = self.session.inspection.modules if self.session.inspection else ()
        row = next((row for row in rows if row.path == path), None)
        if row is not None:
            self.tell(SelectionMoved(selection=Selection(module=path, file=row.file, line=row.line)))

    def _select_problem(self, problem: Diagnostic) -> None:
        selection = Selection(module=problem.module, file=problem.file, line=problem.line)
        self.tell(SelectionMoved(selection=selection))

    def _select_line(self, file: str, line: int) -> None:
        rows = self.session.inspection.modules if self.session.inspection else ()
        above = [row for row in rows if row.file == file and row.line and row.line <= line]
        # The class whose definition is the last one above the line; of its instances the first.
        found = max(above, key=lambda row: (row.line or 0, -rows.index(row)), default=None)
        module = found.path if found else self.session.selection.module
        self.tell(SelectionMoved(selection=Selection(module=module, file=file, line=line)))

    def _select_line_of_node(self, file: str, line: int) -> None:
        # The node has told its module already, which knows better than the line.
        self.tell(SelectionMoved(selection=Selection(module=self.session.selection.module, file=file, line=line)))

    def _show_place(self, file: str, line: int) -> None:
        self.window.reveal_dock("source")
        self.tell(SelectionMoved(selection=Selection(file=file, line=line)))

    # Questions and dialogs.

    def _choose_file(self) -> None:
        folder = Path(self._settings.get(known.LAST_FOLDER) or Path.home())
        self._desktop.choose_file("Open a Model or Recipe", folder, OPEN_FILTER, self.open)

    def _choose_recipe_file(self, then: Callable[[], None] | None = None) -> None:
        document = self.session.document
        if document is not None:
            file = document.recipe_file or document.model_file.with_suffix(".toml")
            if is_example(file):
                file = Path.home() / file.name
            self._desktop.choose_new_file("Save the Recipe", file, RECIPE_FILTER, lambda f: self._save(f, then))

    def _choose_weights(self) -> None:
        document = self.session.document
        if document is None:
            return

        def chosen(file: Path) -> None:
            text = relative_text(file, document.folder)
            self._edit_from(self, "Choose weights", lambda recipe: with_model(recipe, weights=text), "")

        self._desktop.choose_file("Choose Weights", document.model_file.parent, WEIGHTS_FILTER, chosen)

    def _choose_out(self) -> None:
        document = self.session.document
        if document is None:
            return

        def chosen(folder: Path) -> None:
            self.tell(OutChosen(out=folder.absolute()))
            text = f"Exports go to {folder} from now on."
            self.tell(NoticeShown(notice=Notice(tone="information", text=text)))

        self._desktop.choose_folder("Export To", document.out.parent, chosen)

    def _reveal(self, path: str) -> None:
        if path:
            self._desktop.reveal(Path(path))

    def _tell_about(self) -> None:
        from .about import about_text

        self._desktop.tell("About ExportDesk", about_text(self.session.worker))

    def _tell_shortcuts(self) -> None:
        from .about import shortcuts_text

        self._desktop.tell("Keyboard Shortcuts", shortcuts_text(self.window))

    # Files and looks.

    def _show_files(self) -> None:
        if self.session.document is None:
            recent = recent_rows(self._settings.get(known.RECENT_FILES))
            self.window.welcome.show_files(recent, example_rows())

    def _fill_recent(self) -> None:
        menu = self.window.action_table.submenus["Open Recent"]
        menu.clear()
        for row in recent_rows(self._settings.get(known.RECENT_FILES)):
            menu.addAction(f"{row.label}    {row.detail}", partial(self.open, row.path))
        if menu.isEmpty():
            menu.addAction("No recent files").setEnabled(False)

    def _fill_examples(self) -> None:
        menu = self.window.action_table.submenus["Examples"]
        menu.clear()
        for row in example_rows():
            menu.addAction(f"{row.label}, {row.detail}" if row.detail else row.label, partial(self.open, row.path))

    def _use_theme(self, choice: str) -> None:
        self._settings.put(known.THEME, choice)
        theme.apply_theme(choice)

    def _use_zoom(self, zoom: int) -> None:
        zoom = max(-4, min(24, zoom))
        self._settings.put(known.TEXT_ZOOM, zoom)
        self.workspace.set_zoom(zoom)


def _later(parent: QObject, delay_ms: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(delay_ms)
    timer.timeout.connect(slot)
    return timer
