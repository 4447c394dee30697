"""The session of one window, and the only way to change it."""

from PySide6.QtCore import QObject, Signal

from ...core.events import AnyEvent
from ..state.happenings import AnyHappening
from ..state.reduce import reduce
from ..state.session import Session


class Store(QObject):
    """Holds the session; ``changed`` comes first, so that what follows from an event finds it on show."""

    changed = Signal(object)
    """The session before; the present one is another."""
    told = Signal(object)
    """The session before; something happened, whether or not it changed the session."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.session = Session()

    def tell(self, event: AnyEvent | AnyHappening) -> None:
        """Take what happened into the session."""
        before = self.session
        self.session = reduce(before, event)
        if self.session != before:
            self.changed.emit(before)
        self.told.emit(before)
