"""How the window looks: colours, size of code, full screen, which tab is in front."""

from functools import partial

from PySide6.QtCore import QObject, Qt

from .. import settings as known
from .. import theme
from ..main_window import MainWindow
from ..settings import Settings
from ..workspace import Workspace

_SMALLEST, _LARGEST = -4, 24


class Looks(QObject):
    def __init__(self, window: MainWindow, workspace: Workspace, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._settings = settings
        show_tab = window.tabs.setCurrentIndex
        actions = window.action_table
        actions.connect_slots(
            find=workspace.focus_search,
            filter_modules=workspace.focus_filter,
            larger_text=partial(self._zoom_by, 1),
            smaller_text=partial(self._zoom_by, -1),
            usual_text=partial(self._use_zoom, 0),
            theme_system=partial(self._use_theme, "system"),
            theme_light=partial(self._use_theme, "light"),
            theme_dark=partial(self._use_theme, "dark"),
            full_screen=self._switch_full_screen,
            tab_torchscript=partial(show_tab, 0),
            tab_coreml=partial(show_tab, 1),
            tab_checks=partial(show_tab, 2),
            tab_advice=partial(show_tab, 3),
            tab_envelope=partial(show_tab, 4),
            tab_what_if=partial(show_tab, 5),
            tab_comparison=partial(show_tab, 6),
            restore_layout=window.use_usual_layout,
        )
        actions[f"theme_{settings.get(known.THEME)}"].setChecked(True)
        self._use_zoom(settings.get(known.TEXT_ZOOM))

    def _use_theme(self, choice: str) -> None:
        self._settings.put(known.THEME, choice)
        theme.apply_theme(choice)

    def _zoom_by(self, step: int) -> None:
        self._use_zoom(self._settings.get(known.TEXT_ZOOM) + step)

    def _use_zoom(self, zoom: int) -> None:
        zoom = max(_SMALLEST, min(_LARGEST, zoom))
        self._settings.put(known.TEXT_ZOOM, zoom)
        self._workspace.set_zoom(zoom)

    def _switch_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)
