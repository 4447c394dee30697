"""The two choices of the toolbar: which entry, and on which device."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from ..state.edits import with_entry
from ..state.recipe_values import with_value
from ..state.session import Session
from .form import Choice

_LONGEST_ENTRY = 44
"""Characters of an entry's name for which there is room; the tip has all of it."""
_ENTRY_TIP = "What to export: a class, a function, or something made by one"


class ChoosersPanel(QWidget):
    edit_wished = Signal(str, object, str)

    def __init__(self) -> None:
        super().__init__()
        self.entry = Choice([], "Entry", self.choose_entry)
        self.entry.setToolTip(_ENTRY_TIP)
        self.device = Choice([], "Device", self._choose_device)
        self.device.setToolTip("Where the model runs while it is exported")
        self.entry.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.device.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.entry.setMinimumContentsLength(14)
        self.entry.setMaximumWidth(self.fontMetrics().averageCharWidth() * _LONGEST_ENTRY)
        self.device.setMinimumContentsLength(5)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(6)
        for text, field in (("Entry:", self.entry), ("Device:", self.device)):
            label = QLabel(text)
            label.setBuddy(field)
            layout.addWidget(label)
            layout.addWidget(field)
            layout.addSpacing(4)

    def show_state(self, session: Session) -> None:
        document = session.document
        self.setEnabled(session.is_editable)
        if document is None:
            self.entry.show_choices([])
            return
        model = document.recipe.model
        names = [entry.name for entry in document.entries]
        if model.entry and model.entry not in names:
            names.append(model.entry)
        if not names:
            names.append("")  # a compiled file is its own and only entry
        self.entry.show_choices([(name, name or document.model_file.stem) for name in names])
        self.entry.show_value(model.entry)
        self.entry.setToolTip(f"{model.entry}\n{_ENTRY_TIP}".strip())
        devices = list(session.worker.devices) if session.worker else ["cpu"]
        if model.device not in devices:
            devices.append(model.device)
        self.device.show_choices([(device, device_text(device)) for device in devices])
        self.device.show_value(model.device)

    def choose_entry(self, entry: str) -> None:
        self.edit_wished.emit(f"Choose {entry}", lambda recipe: with_entry(recipe, entry), f"entry {entry}")

    def _choose_device(self, device: str) -> None:
        self.edit_wished.emit(
            f"Use {device_text(device)}", lambda recipe: with_value(recipe, ("model", "device"), device), "device"
        )


def device_text(device: str) -> str:
    """Return how a device is called in the window: ``CPU``, ``GPU 0 (CUDA)``, ``GPU (MPS)``."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return "CPU"
    return f"GPU {number} ({kind.upper()})" if number else f"GPU ({kind.upper()})"
