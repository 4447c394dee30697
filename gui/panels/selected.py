"""What is known of the thing that is selected in any view."""

from html import escape

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ..state.selected import Facts, selected_facts
from ..state.session import Session
from .empty_state import EmptyState
from .story import Story


class SelectedPanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.text = Story("What is selected")
        self.text.setFrameShape(Story.Shape.NoFrame)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("Nothing selected", "Choose a module, an operation of a graph, or a line."))
        self._stack.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def show_state(self, session: Session) -> None:
        heading, facts = selected_facts(session)
        self._stack.setCurrentIndex(1 if heading else 0)
        shown = facts_html(heading, facts)
        if shown != self.text.property("shown"):
            self.text.setProperty("shown", shown)
            self.text.setHtml(shown)


def facts_html(heading: str, facts: Facts) -> str:
    rows = "".join(
        f"<tr><td style='padding-right:12px'>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in facts
    )
    return f"<p><b>{escape(heading)}</b></p><table>{rows}</table>"
