"""How the model is made: constructor arguments, weights, mode."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ...core.results import Parameter
from ..state.edits import argument_text, with_argument, with_model
from ..state.session import Document, Session
from .form import Choice, FormArea, Switch, TextField, form, remark

_MODES = [("eval", "Evaluation (usual)"), ("train", "Training")]


class ModelSetupPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self, choose_weights: QAction, choose_out: QAction) -> None:
        super().__init__()
        self._parameters: tuple[Parameter, ...] | None = None
        self.arguments: dict[str, TextField] = {}
        self._build(choose_weights, choose_out)

    def _build(self, choose_weights: QAction, choose_out: QAction) -> None:
        content = QWidget()
        self._rows = form(content)
        self._argument_remark = remark()
        self.weights = TextField("Weights", self._wish_weights, "none: as the constructor makes them")
        self.weights_strict = Switch("Every weight must fit", self._wish_strict)
        self.weights_strict.setToolTip("Off: weights that are missing or left over are reported, and the rest is used.")
        self.mode = Choice(_MODES, "Mode", self._wish_mode)
        self.out = TextField("Export to", lambda text: None)
        self.out.setReadOnly(True)
        self._rows.addRow(self._argument_remark)
        self._rows.addRow("Weights", _with_button(self.weights, choose_weights))
        self._rows.addRow("", self.weights_strict)
        self._rows.addRow("Mode", self.mode)
        self._rows.addRow("Export to", _with_button(self.out, choose_out))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(FormArea(content))

    def show_state(self, session: Session) -> None:
        document = session.document
        self.setEnabled(document is not None)
        if document is None:
            return
        self._show_arguments(document)
        model = document.recipe.model
        self.weights.show_value(model.weights or "")
        self.weights_strict.show_value(model.weights_strict)
        self.weights_strict.setEnabled(model.weights is not None)
        self.mode.show_value(model.mode)
        self.out.show_value(str(document.out))
        self.out.setToolTip(str(document.out))

    def _show_arguments(self, document: Document) -> None:
        entry = document.entry
        parameters = tuple(p for p in entry.constructor if not p.kind.startswith("var_")) if entry else ()
        if parameters != self._parameters:
            self._parameters = parameters
            self._rebuild(parameters)
        given = document.recipe.model.arguments
        for parameter in parameters:
            text = argument_text(given[parameter.name]) if parameter.name in given else ""
            self.arguments[parameter.name].show_value(text)
        name = entry.name if entry else "The model"
        missing = document.missing_arguments
        if missing:
            self._argument_remark.setText(f"{name} cannot be made without: {', '.join(missing)}.")
        elif parameters:
            self._argument_remark.setText("Empty fields keep the default that the grey text shows.")
        else:
            self._argument_remark.setText(f"{name} is made without arguments.")

    def _rebuild(self, parameters: tuple[Parameter, ...]) -> None:
        for field in self.arguments.values():
            self._rows.removeRow(field)
        self.arguments = {}
        for place, parameter in enumerate(parameters):
            field = TextField(
                parameter.name,
                lambda text, parameter=parameter: self._wish_argument(parameter, text),  # type: ignore[misc]
                _hint(parameter),
            )
            field.setToolTip(f"{parameter.name}: {parameter.annotation or 'any type'}")
            self._rows.insertRow(place, parameter.name, field)
            self.arguments[parameter.name] = field

    def _wish_argument(self, parameter: Parameter, text: str) -> None:
        self.edit_wished.emit(
            f"Change argument {parameter.name}", lambda recipe: with_argument(recipe, parameter, text), ""
        )

    def _wish_weights(self, text: str) -> None:
        weights = text.strip() or None
        self.edit_wished.emit("Change weights", lambda recipe: with_model(recipe, weights=weights), "")

    def _wish_strict(self, value: bool) -> None:
        name = "Require every weight" if value else "Allow missing weights"
        self.edit_wished.emit(name, lambda recipe: with_model(recipe, weights_strict=value), "")

    def _wish_mode(self, mode: str) -> None:
        self.edit_wished.emit("Change mode", lambda recipe: with_model(recipe, mode=mode), "")


def _hint(parameter: Parameter) -> str:
    if parameter.default is not None:
        return parameter.default
    return f"required ({parameter.annotation})" if parameter.annotation else "required"


def _with_button(field: TextField, action: QAction) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    button = QToolButton()
    button.setDefaultAction(action)
    layout.addWidget(field)
    layout.addWidget(button)
    return row
