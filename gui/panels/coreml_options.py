"""Options of the Core ML conversion."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...core.recipe.model import TARGETS, CoreMLOutput
from ..state.edits import with_coreml
from ..state.session import Session
from .form import Choice, FormArea, Switch, TextField, form, remark

_FORMATS = [("mlprogram", "ML program"), ("neuralnetwork", "Neural network (before iOS 15)")]
_PRECISIONS = [("float16", "16 bit (float16)"), ("float32", "32 bit (float32)")]
_UNITS = [
    ("all", "Any"),
    ("cpu_only", "CPU only"),
    ("cpu_and_gpu", "CPU and GPU"),
    ("cpu_and_ne", "CPU and Neural Engine"),
]
_NAMES = {
    "minimum_deployment_target": "deployment target",
    "convert_to": "Core ML format",
    "precision": "precision",
    "compute_units": "compute units",
    "outputs": "output names",
}


class CoreMLOptionsPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self) -> None:
        super().__init__()
        self._build()

    def _build(self) -> None:
        self.enabled = Switch("Make a Core ML package", self._enable)
        self.target = Choice(
            [(target, target_text(target)) for target in TARGETS],
            "Runs on",
            lambda value: self._wish("minimum_deployment_target", value),
        )
        self.format = Choice(_FORMATS, "Format", lambda value: self._wish("convert_to", value))
        self.precision = Choice(_PRECISIONS, "Precision", lambda value: self._wish("precision", value))
        self.units = Choice(_UNITS, "Compute units", lambda value: self._wish("compute_units", value))
        self.outputs = TextField("Output names", self._name_outputs, "named after the model's output")
        self.outputs.setToolTip("Names for the outputs, in their order, with commas between.")
        content = QWidget()
        rows = form(content)
        rows.addRow(self.enabled)
        rows.addRow("Runs on", self.target)
        rows.addRow("Format", self.format)
        rows.addRow("Precision", self.precision)
        rows.addRow("Runs with", self.units)
        rows.addRow("Outputs", self.outputs)
        self._remark = remark()
        rows.addRow(self._remark)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(FormArea(content))

    def show_state(self, session: Session) -> None:
        self.setEnabled(session.document is not None)
        if session.document is None:
            return
        options = session.document.recipe.coreml
        self.enabled.show_value(options.enabled)
        self.target.show_value(options.minimum_deployment_target)
        self.format.show_value(options.convert_to)
        self.precision.show_value(options.precision)
        self.units.show_value(options.compute_units)
        self.outputs.show_value(", ".join(output.name for output in options.outputs))
        for field in (self.target, self.format, self.precision, self.units, self.outputs):
            field.setEnabled(options.enabled)
        has_converter = session.worker is None or session.worker.coremltools is not None
        self._remark.setText(
            "" if has_converter else "coremltools is not installed here, so only TorchScript files are made."
        )
        self._remark.setVisible(not has_converter)

    def _enable(self, is_enabled: bool) -> None:
        name = "Make a Core ML package" if is_enabled else "Make no Core ML package"
        self.edit_wished.emit(name, lambda recipe: with_coreml(recipe, enabled=is_enabled), "")

    def _wish(self, field: str, value: object) -> None:
        name = f"Change {_NAMES[field]}"
        self.edit_wished.emit(name, lambda recipe: with_coreml(recipe, **{field: value}), "")

    def _name_outputs(self, text: str) -> None:
        names = [part.strip() for part in text.split(",") if part.strip()]
        self._wish("outputs", tuple(CoreMLOutput(name=name) for name in names))


def target_text(target: str) -> str:
    """Return ``iOS 17 or later``."""
    found = re.fullmatch(r"([A-Za-z]+?)(OS)([\d.]+)", target)
    assert found is not None
    return f"{found[1]}{found[2]} {found[3]} or later"
