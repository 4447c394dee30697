"""How the model is made: constructor arguments, methods, weights, mode; and where exports go."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ...core.errors import Failure
from ..state.forms.setup import setup_form
from ..state.session import Session
from .form import TextField
from .form_view import FormView


class ModelSetupPanel(QWidget):
    edit_wished = Signal(str, object, str)
    file_wished = Signal(str, str, object)

    def __init__(self, choose_out: QAction) -> None:
        super().__init__()
        self.form = FormView()
        self.form.edit_wished.connect(self.edit_wished)
        self.form.file_wished.connect(self.file_wished)
        self.out = TextField("Export to", lambda text: None)
        self.out.setReadOnly(True)
        button = QToolButton()
        button.setDefaultAction(choose_out)
        button.setFocusPolicy(button.focusPolicy().StrongFocus)
        label = QLabel("Export to")
        label.setBuddy(self.out)
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 8)
        for widget in (label, self.out, button):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.form, 1)
        layout.addLayout(row)

    def show_state(self, session: Session) -> None:
        document = session.document
        self.setEnabled(session.is_editable)
        if document is None:
            return
        self.form.show_sections(setup_form(document), document.folder)
        self.out.show_value(str(document.out))
        self.out.setToolTip(str(document.out))

    def show_refusal(self, failure: Failure) -> None:
        """Say why the last edit was not taken."""
        self.form.show_refusal(failure)
