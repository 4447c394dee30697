"""Files that are a click away: recent ones and examples, in the menus and on the welcome page."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from .. import settings as known
from ..main_window import MainWindow
from ..models.paths import example_rows, recent_rows
from ..settings import Settings
from ..state.session import Session
from .store import Store


class Files(QObject):
    def __init__(self, store: Store, window: MainWindow, settings: Settings, open_file: Callable[[Path], None]) -> None:
        super().__init__(store)
        self._store = store
        self._window = window
        self._settings = settings
        self._open = open_file
        submenus = window.action_table.submenus
        self._recent, self._examples = submenus["Open Recent"], submenus["Examples"]
        self._recent.aboutToShow.connect(self._fill_recent)
        self._examples.aboutToShow.connect(self._fill_examples)
        store.changed.connect(self._follow)
        self._fill_recent()
        self._fill_examples()
        self._show_files()

    def _follow(self, before: Session) -> None:
        if before.document is not None and self._store.session.document is None:
            self._show_files()

    def _show_files(self) -> None:
        self._window.welcome.show_files(recent_rows(self._settings.get(known.RECENT_FILES)), example_rows())

    def _fill_recent(self) -> None:
        self._recent.clear()
        for row in recent_rows(self._settings.get(known.RECENT_FILES)):
            self._recent.addAction(f"{row.label}    {row.detail}", partial(self._open, row.path))
        if self._recent.isEmpty():
            self._recent.addAction("No recent files").setEnabled(False)

    def _fill_examples(self) -> None:
        self._examples.clear()
        for row in example_rows():
            text = f"{row.label}, {row.detail}" if row.detail else row.label
            self._examples.addAction(text, partial(self._open, row.path))
