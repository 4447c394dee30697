"""What the window remembers between sessions: one declared table over QSettings."""

import json
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

T = TypeVar("T")


class Setting(Generic[T]):
    """One remembered value; stored as JSON text, so that every platform's store gives back what was put in."""

    def __init__(self, key: str, default: T, *, choices: tuple[T, ...] = (), members: type = object) -> None:
        self.key = key
        self.default = default
        self.choices = choices
        """The only values there are; empty for any."""
        self.members = members
        """What a list holds."""


RECENT_FILES: Setting[list[str]] = Setting("recent_files", [], members=str)
"""Absolute paths, latest first."""
TRUSTED_PATHS: Setting[list[str]] = Setting("trusted_paths", [], members=str)
"""Absolute files and folders whose model files may run without a question."""
THEME: Setting[str] = Setting("theme", "system", choices=("system", "light", "dark"))
TEXT_ZOOM: Setting[int] = Setting("text_zoom", 0)
"""Points added to the size of code."""
WINDOW_GEOMETRY: Setting[str] = Setting("window_geometry", "")
"""Base64 of ``QMainWindow.saveGeometry``."""
WINDOW_STATE: Setting[str] = Setting("window_state", "")
"""Base64 of ``QMainWindow.saveState``."""
LAST_FOLDER: Setting[str] = Setting("last_folder", "")
"""Where the last file was opened."""

HISTORY: Setting[list[object]] = Setting("history", [])
"""Past exports, newest first, as plain data of ``state.history.ExportRecord``."""

RECENT_LIMIT = 12


class Settings:
    """Typed access to the store; a test gives it one in a temporary file."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    def get(self, setting: Setting[T]) -> T:
        """Return the stored value, or the default where there is none, or none that the setting can have."""
        text = self._store.value(setting.key)
        if not isinstance(text, str):
            return setting.default
        try:
            value: Any = json.loads(text)
        except ValueError:
            return setting.default
        if isinstance(value, list):
            value = [member for member in value if isinstance(member, setting.members)]
        is_known = isinstance(value, type(setting.default)) and (not setting.choices or value in setting.choices)
        return value if is_known else setting.default

    def put(self, setting: Setting[T], value: T) -> None:
        self._store.setValue(setting.key, json.dumps(value))

    def bytes_of(self, setting: Setting[str]) -> QByteArray:
        return QByteArray.fromBase64(self.get(setting).encode())

    def put_bytes(self, setting: Setting[str], value: QByteArray) -> None:
        self.put(setting, bytes(value.toBase64().data()).decode())

    def remember_file(self, path: str) -> None:
        """Put a file at the top of the recent files."""
        others = [known for known in self.get(RECENT_FILES) if known != path]
        self.put(RECENT_FILES, [path, *others][:RECENT_LIMIT])


def system_settings() -> Settings:
    """Return the settings of the person who is logged in."""
    return Settings(QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "ExportDesk", "ExportDesk"))
