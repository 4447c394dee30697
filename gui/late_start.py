"""Makes everything behind the welcome page: in the first idle moment, or at once when a person does something."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from .main_window import MainWindow
from .settings import Settings

if TYPE_CHECKING:
    from .app import Workbench

IDLE_MS = 30
_ACTS = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.KeyPress,
    QEvent.Type.ShortcutOverride,
    QEvent.Type.TouchBegin,
    QEvent.Type.DragEnter,
    QEvent.Type.Close,
)


class LateStart(QObject):
    """Sees every event of the application until the workbench is there; the first act of a person makes it, and then
    goes on to its widget as if the workbench had always been there.
    """

    def __init__(self, window: MainWindow, settings: Settings, paths: list[Path]) -> None:
        super().__init__(window)
        self.workbench: Workbench | None = None
        self._window = window
        self._settings = settings
        self._paths = paths
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]  # there is one, it has a window
        QTimer.singleShot(0 if paths else IDLE_MS, self, self.start)

    def start(self) -> None:
        """Make the workbench, start the worker, and open what the command line named."""
        if self.workbench is not None:
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        from .app import Workbench
        from .desktop import Desktop
        from .engine_thread import EngineThread

        engine = EngineThread(parent=self._window)
        self.workbench = Workbench(self._window, self._settings, Desktop(self._window), engine)
        engine.start()
        engine.warm_up()
        for path in self._paths:
            self.workbench.open(path)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _ACTS:
            self.start()
        return False
