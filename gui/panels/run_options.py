"""How the model is traced, and how what was made is checked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..state.edits import with_checks, with_torchscript
from ..state.session import Session
from .form import FormArea, Number, Switch, TextField, form, remark


class RunOptionsPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self) -> None:
        super().__init__()
        self._build()

    def _build(self) -> None:
        self.check_trace = Switch("Trace twice and compare", self._wish_check_trace)
        self.check_trace.setToolTip("Finds models that do not do the same thing in every run.")
        self.strict = Switch("Strict containers", self._wish_strict)
        self.strict.setToolTip("Off: dictionaries and lists may be outputs; their structure is frozen in the trace.")
        self.tolerance = TextField("Tolerance", self._wish_tolerance)
        self.probes = Number("Random inputs", 1, 10_000, self._wish_probes)
        self.seed = Number("Seed", 0, 2_147_483_647, self._wish_seed)
        content = QWidget()
        rows = form(content)
        rows.addRow(self.check_trace)
        rows.addRow(self.strict)
        rows.addRow("Tolerance", self.tolerance)
        rows.addRow("Random inputs", self.probes)
        rows.addRow("Seed", self.seed)
        rows.addRow(
            remark("Every file that is made is run on this many random inputs and compared with your model in Python.")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(FormArea(content))

    def show_state(self, session: Session) -> None:
        self.setEnabled(session.document is not None)
        if session.document is None:
            return
        recipe = session.document.recipe
        self.check_trace.show_value(recipe.torchscript.check_trace)
        self.strict.show_value(recipe.torchscript.strict)
        self.tolerance.show_value(f"{recipe.torchscript.check_tolerance:g}")
        self.probes.show_value(recipe.checks.probes)
        self.seed.show_value(recipe.checks.seed)

    def _wish_check_trace(self, value: bool) -> None:
        name = "Trace twice" if value else "Trace once"
        self.edit_wished.emit(name, lambda recipe: with_torchscript(recipe, check_trace=value), "")

    def _wish_strict(self, value: bool) -> None:
        name = "Strict containers" if value else "Allow containers"
        self.edit_wished.emit(name, lambda recipe: with_torchscript(recipe, strict=value), "")

    def _wish_tolerance(self, text: str) -> None:
        try:
            value: float | str = float(text)
        except ValueError:
            value = text
        self.edit_wished.emit(
            "Change tolerance", lambda recipe: with_torchscript(recipe, check_tolerance=value), "tolerance"
        )

    def _wish_probes(self, value: int) -> None:
        self.edit_wished.emit("Change random inputs", lambda recipe: with_checks(recipe, probes=value), "probes")

    def _wish_seed(self, value: int) -> None:
        self.edit_wished.emit("Change seed", lambda recipe: with_checks(recipe, seed=value), "seed")
