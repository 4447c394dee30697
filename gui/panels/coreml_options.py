"""Options of the Core ML conversion."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...core.errors import Failure
from ..state.forms.coreml import coreml_form
from ..state.session import Session
from .form_view import FormView
from .wrapped import WrappedLabel


class CoreMLOptionsPanel(QWidget):
    edit_wished = Signal(str, object, str)
    file_wished = Signal(str, str, object)

    def __init__(self) -> None:
        super().__init__()
        self.form = FormView()
        self.form.edit_wished.connect(self.edit_wished)
        self.form.file_wished.connect(self.file_wished)
        self._remark = WrappedLabel(
            "coremltools is not installed here, so only TorchScript files are made.", is_quiet=True
        )
        self._remark.setContentsMargins(10, 6, 10, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._remark)
        layout.addWidget(self.form)

    def show_state(self, session: Session) -> None:
        self.setEnabled(session.is_editable)
        self._remark.setVisible(session.worker is not None and session.worker.coremltools is None)
        if session.document is not None and session.is_editable:
            self.form.show_sections(coreml_form(session), session.document.folder)

    def show_refusal(self, failure: Failure) -> None:
        """Say why the last edit was not taken."""
        self.form.show_refusal(failure)
