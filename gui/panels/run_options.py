"""How the model is traced, and how what was made is checked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...core.errors import Failure
from ..state.forms.tracing import tracing_form
from ..state.session import Session
from .form_view import FormView


class RunOptionsPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self) -> None:
        super().__init__()
        self.form = FormView()
        self.form.edit_wished.connect(self.edit_wished)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)

    def show_state(self, session: Session) -> None:
        self.setEnabled(session.is_editable)
        if session.document is not None:
            self.form.show_sections(tracing_form(session.document.recipe), session.document.folder)

    def show_refusal(self, failure: Failure) -> None:
        """Say why the last edit was not taken."""
        self.form.show_refusal(failure)
