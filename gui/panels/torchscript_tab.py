"""The compiled model: drawn, and as the four texts that TorchScript has of it."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from ...core.results import TorchScriptTexts
from ..state.session import Session
from .code_colours import Language
from .empty_state import EmptyState
from .graph_page import GraphPage
from .text_page import TextPage

_PAGES: tuple[tuple[str, str, str, Language], ...] = (
    ("code", "Code", "code", "python"),
    ("graph", "Graph as Text", "graph", "graph"),
    ("inlined_graph", "Inlined Graph", "inlined graph", "graph"),
    ("printed", "Modules", "module list", "plain"),
)


class TorchScriptTab(QWidget):
    def __init__(self, export: QAction) -> None:
        super().__init__()
        self._texts: TorchScriptTexts | None = None
        self._shown: set[str] = set()
        self._build(export)
        self.tabs.currentChanged.connect(self._fill_current)

    def _build(self, export: QAction) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.graph = GraphPage()
        self.tabs.addTab(self.graph, "Graph")
        self.pages: dict[str, TextPage] = {}
        for field, title, what, _ in _PAGES:
            self.pages[field] = TextPage(what)
            self.tabs.addTab(self.pages[field], title)
        self._empty = EmptyState("No TorchScript yet", "Export the model to see what it was compiled to.", export)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tabs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        shown = session.shown
        file = shown.compiled if shown else ""
        texts = shown.texts if shown else None
        if shown is not None and file:
            self.graph.show_graph(shown.graphs.get(file), shown.remarks.get(file, ""))
            self.graph.show_colours(session)
            self.graph.show_selection(session.selection)
        if texts != self._texts:
            self._texts = texts
            self._shown = set()
            self._fill_current()
        self._stack.setCurrentIndex(1 if file else 0)
        for page in self.pages.values():
            # A program of torch.export has a graph, and none of TorchScript's texts.
            self.tabs.setTabVisible(self.tabs.indexOf(page), not file.endswith(".pt2"))
        if session.document is not None and session.document.is_package:
            self._empty.say("No TorchScript here", "A Core ML package was opened; its graph is under Core ML.")
        else:
            self._empty.say("No TorchScript yet", "Export the model to see what it was compiled to.")

    def focus_search(self) -> None:
        page = self.tabs.currentWidget()
        if isinstance(page, TextPage | GraphPage):
            page.focus_search()

    def set_zoom(self, zoom: int) -> None:
        for page in self.pages.values():
            page.view.set_zoom(zoom)

    def _fill_current(self) -> None:
        """Fill only the page in sight: an inlined graph can have a million characters."""
        current = self.tabs.currentWidget()
        for field, _, _, language in _PAGES:
            if self.pages[field] is current and self._texts is not None and field not in self._shown:
                self._shown.add(field)
                self.pages[field].show_text(getattr(self._texts, field), language)
