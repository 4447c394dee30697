"""A slot that is called once, some time after the last wish for it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def later(parent: QObject, delay_ms: int, slot: Callable[[], None]) -> QTimer:
    """Return a timer that calls ``slot`` once; each ``start`` before then puts it off."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(delay_ms)
    timer.timeout.connect(slot)
    return timer
