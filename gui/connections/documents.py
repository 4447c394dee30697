"""Documents: opened, saved, closed, and read again when the model file changes."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from ...core.errors import ExportDeskError
from ...core.recipe.document import read_recipe
from ...core.recipe.moving import moved_recipe
from .. import settings as known
from ..desktop import MODEL_FILTER, OPEN_FILTER, RECIPE_FILTER, Desktop, SaveAnswer
from ..engine_thread import EngineThread
from ..main_window import MainWindow
from ..panels.banner import Banner
from ..panels.graph_page import load_drawing_code
from ..settings import Settings
from ..state.documents import is_example, open_document, outline_of, save_document
from ..state.happenings import (
    DocumentClosed,
    DocumentOpened,
    NoticeShown,
    OpenFailed,
    OutChosen,
    RecipeSaved,
    SourceChanged,
)
from ..state.session import Document, Notice
from .edits import Edits
from .jobs import Jobs
from .selection import Selecting
from .store import Store
from .trust import Trust
from .watching import Watching

TORCH_SUFFIXES = (".py", ".pt", ".pth", ".pt2")
"""Of model files whose first tab is that of torch; the others are Core ML's."""
DRAWING_CODE_DELAY_MS = 1500


class Documents(QObject):
    def __init__(
        self,
        store: Store,
        window: MainWindow,
        settings: Settings,
        desktop: Desktop,
        engine: EngineThread,
        edits: Edits,
        jobs: Jobs,
        trust: Trust,
        selecting: Selecting,
        banner: Banner,
    ) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._settings = settings
        self._desktop = desktop
        self._engine = engine
        self._edits = edits
        self._jobs = jobs
        self._trust = trust
        self._selecting = selecting
        self._banner = banner
        self._watching = Watching(self)
        self._connect()

    def _connect(self) -> None:
        self._watching.changed.connect(self._take_change)
        self._window.welcome.open_wished.connect(self.open)
        self._window.file_dropped.connect(self.open)
        self._window.close_wished.connect(self.quit)
        self._banner.locate_wished.connect(self._locate_model)
        self._window.action_table.connect_slots(
            open=self._choose_file,
            open_package=self._choose_package,
            save=self.save,
            save_as=self._choose_recipe_file,
            reload=self.reload,
            close=self.close,
            quit=self.quit,
            export_to=self._choose_out,
            trust=self._trust.ask,
        )

    def open(self, path: Path) -> None:
        """Open a model file or a recipe, after asking about unsaved edits."""
        self._after_saving(lambda: self._open(path))

    def _open(self, path: Path, model_file: Path | None = None) -> None:
        try:
            document, failure = open_document(path, model_file)
        except ExportDeskError as error:
            self._store.tell(OpenFailed(failure=error.failure))
            return
        self._jobs.drop()
        self._edits.undo.clear()
        self._engine.warm_up()
        # While the worker starts the window has nothing to do; right now it would have to wait.
        QTimer.singleShot(DRAWING_CODE_DELAY_MS, self, load_drawing_code)
        self._settings.put(known.LAST_FOLDER, str(path.absolute().parent))
        if not is_example(path):
            self._settings.remember_file(str(path.absolute()))
        self._store.tell(DocumentOpened(document=document))
        self._watch()
        self._window.tabs.setCurrentIndex(0 if document.model_file.suffix in TORCH_SUFFIXES else 1)
        if failure is not None:
            self._store.tell(OpenFailed(failure=failure))
            self._selecting.show_place(failure.file or "", failure.line or 1)
        else:
            self._trust.decide(document.model_file)

    def close(self) -> None:
        """Close what is open, after asking about unsaved edits."""

        def close() -> None:
            self._jobs.drop()
            self._edits.undo.clear()
            self._store.tell(DocumentClosed())
            self._watch()

        self._after_saving(close)

    def quit(self) -> None:
        """Ask about unsaved edits, then end the worker and close the window."""

        def leave() -> None:
            self._engine.close()
            self._window.close_for_good()

        self._after_saving(leave)

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the recipe where it is, or where the person says; then go on with ``then``."""
        self._edits.commit()
        document = self._store.session.document
        if document is None:
            return
        if document.recipe_file is None or is_example(document.recipe_file):
            self._choose_recipe_file(then)
        else:
            self._save(document.recipe_file, then)

    def _save(self, file: Path, then: Callable[[], None] | None) -> None:
        document = self._store.session.document
        if document is None:
            return
        try:
            save_document(document, file.absolute())
        except ExportDeskError as error:
            self._store.tell(OpenFailed(failure=error.failure))
            return
        self._store.tell(RecipeSaved(file=file.absolute()))
        self._watch()
        self._settings.remember_file(str(file.absolute()))
        self._window.statusBar().showMessage(f"Saved {file}", 5000)
        if then is not None:
            then()

    def _after_saving(self, then: Callable[[], None]) -> None:
        """Go on once nothing unsaved would be lost, or the person does not mind."""
        self._edits.commit()
        document = self._store.session.document
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
        document = self._store.session.document
        if document is None:
            return
        self._watch()
        entries, failure = outline_of(document.model_file)
        self._store.tell(SourceChanged(entries=entries or document.entries))
        if failure is not None:
            self._store.tell(OpenFailed(failure=failure))

    def _watch(self) -> None:
        document = self._store.session.document
        files = (document.model_file, document.recipe_file) if document else ()
        self._watching.watch(file for file in files if file is not None and not is_example(file))

    def _take_change(self, file: Path) -> None:
        document = self._store.session.document
        if document is not None and file == document.recipe_file:
            self._take_changed_recipe(document, file)
        else:
            self.reload()

    def _take_changed_recipe(self, document: Document, file: Path) -> None:
        """Show a recipe that another program has written, unless edits would be lost by it."""
        try:
            recipe = moved_recipe(read_recipe(file), file.parent, document.folder)
        except ExportDeskError as error:
            self._warn(f"{file.name} was changed by another program and cannot be read. {error.failure.message}")
            return
        if recipe == document.saved:
            return
        if document.is_modified:
            self._warn(
                f"{file.name} was changed by another program. Saving puts your edits in its place; "
                "opening it again drops them."
            )
        elif recipe.model.file != document.recipe.model.file:
            self._open(file)
        else:
            self._edits.push(f"Read {file.name} Again", document.recipe, recipe)
            self._store.tell(RecipeSaved(file=file))

    def _warn(self, text: str) -> None:
        self._store.tell(NoticeShown(notice=Notice(tone="warning", text=text)))

    def _locate_model(self, recipe_file: Path) -> None:
        """Have the model file of a recipe chosen that is no longer where the recipe says."""

        def chosen(model_file: Path) -> None:
            self._after_saving(lambda: self._open(recipe_file, model_file))

        self._desktop.choose_file("Where Is the Model File?", recipe_file.parent, MODEL_FILTER, chosen)

    def _choose_file(self) -> None:
        folder = Path(self._settings.get(known.LAST_FOLDER) or Path.home())
        self._desktop.choose_file("Open a Model or Recipe", folder, OPEN_FILTER, self.open)

    def _choose_package(self) -> None:
        # A package is a folder, which dialogs for files do not offer outside macOS.
        folder = Path(self._settings.get(known.LAST_FOLDER) or Path.home())
        self._desktop.choose_folder("Open a Core ML Package", folder, self.open)

    def _choose_recipe_file(self, then: Callable[[], None] | None = None) -> None:
        document = self._store.session.document
        if document is not None:
            file = document.recipe_file or document.model_file.with_suffix(".toml")
            if is_example(file):
                file = Path.home() / file.name
            self._desktop.choose_new_file("Save the Recipe", file, RECIPE_FILTER, lambda f: self._save(f, then))

    def _choose_out(self) -> None:
        document = self._store.session.document
        if document is None:
            return

        def chosen(folder: Path) -> None:
            self._store.tell(OutChosen(out=folder.absolute()))
            text = f"Exports go to {folder} from now on."
            self._store.tell(NoticeShown(notice=Notice(tone="information", text=text)))

        self._desktop.choose_folder("Export To", document.out.parent, chosen)
