"""Whether a model file may run: asked once, remembered."""

from pathlib import Path

from PySide6.QtCore import QObject

from .. import settings as known
from ..desktop import Desktop, TrustAnswer
from ..settings import Settings
from ..state.documents import is_example
from ..state.happenings import TrustAsked, TrustDecided
from .store import Store


class Trust(QObject):
    def __init__(self, store: Store, settings: Settings, desktop: Desktop) -> None:
        super().__init__(store)
        self._store = store
        self._settings = settings
        self._desktop = desktop

    def decide(self, model_file: Path) -> None:
        """Trust a file that was trusted before, and ask about any other."""
        if self._is_trusted(model_file):
            self._store.tell(TrustDecided(is_given=True))
        else:
            self.ask()

    def ask(self) -> None:
        document = self._store.session.document
        if document is None or self._store.session.trust in ("given", "asked"):
            return
        self._store.tell(TrustAsked())

        def answered(answer: TrustAnswer) -> None:
            now = self._store.session.document
            if now is None or now.model_file != document.model_file:
                return
            if answer != "no":
                path = document.model_file if answer == "file" else document.model_file.parent
                self._settings.put(known.TRUSTED_PATHS, [*self._settings.get(known.TRUSTED_PATHS), str(path)])
            self._store.tell(TrustDecided(is_given=answer != "no"))

        self._desktop.ask_trust(document.model_file, answered)

    def _is_trusted(self, model_file: Path) -> bool:
        if model_file.suffix != ".py" or is_example(model_file):
            return True  # a TorchScript file is not Python, and the examples are ours
        trusted = [Path(path) for path in self._settings.get(known.TRUSTED_PATHS)]
        return any(path == model_file or path in model_file.parents for path in trusted)
