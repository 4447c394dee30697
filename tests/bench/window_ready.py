"""Start a window, print when it was first painted and when it could be used, and end.

usage: window_ready.py bare|exportdesk      prints two times of time.time(), the second after the first idle moment
"""

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget


class FirstPaint(QObject):
    """Notes when a window of its own is painted for the first time."""

    seen: float | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            self.seen is None
            and event.type() == QEvent.Type.Paint
            and isinstance(watched, QWidget)
            and watched.isWindow()
        ):
            self.seen = time.time()
        return False


app = QApplication(["window"])
paint = FirstPaint()
app.installEventFilter(paint)


def finish() -> None:
    if paint.seen is None:
        QTimer.singleShot(0, finish)
        return
    print(paint.seen, time.time(), flush=True)
    os._exit(0)  # what closing costs is not measured here; the worker ends with its client


if sys.argv[1] == "bare":
    window = QMainWindow()
    window.menuBar().addMenu("File").addAction("Quit")
    window.setCentralWidget(QLabel("Hello"))
    window.resize(1200, 800)
    window.show()
    QTimer.singleShot(0, finish)
    app.exec()
else:
    from exportdesk.gui import __main__ as window_main

    fill = window_main._fill

    def fill_and_finish(*arguments: object) -> None:
        fill(*arguments)
        QTimer.singleShot(0, finish)

    window_main._fill = fill_and_finish
    window_main.main([])
