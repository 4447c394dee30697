"""A text with headings and links, to be read."""

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QTextBrowser


class Story(QTextBrowser):
    """Keeps its text in the colours of the palette, also when that changes: Qt fixes those of links when it is set."""

    def __init__(self, name: str) -> None:
        # Before the base: its making changes the palette, which is told to us.
        self._html = ""
        super().__init__()
        self.setOpenLinks(False)
        self.setAccessibleName(name)

    def setHtml(self, text: str) -> None:
        self._html = text
        super().setHtml(text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            super().setHtml(self._html)
