"""The facts at the foot of the window."""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ..state.durations import duration_text
from ..state.session import Session
from ..state.sizes import size_text
from .choosers import device_text


class StatusPanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.text = QLabel()
        self.text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 1, 8, 1)
        layout.addWidget(self.text)

    def show_state(self, session: Session) -> None:
        self.text.setText(" · ".join(status_parts(session)))


def status_parts(session: Session) -> list[str]:
    """Return the device, the versions, the worker's memory, and what the last export took and reached."""
    parts = []
    if session.document is not None:
        parts.append(device_text(session.document.recipe.model.device))
    worker = session.worker
    if worker is None and session.document is not None:
        parts.append("worker not running")
    elif worker is not None:
        parts.append(f"torch {worker.torch.partition('+')[0]}")
        parts.append(f"coremltools {worker.coremltools}" if worker.coremltools else "no coremltools")
        if worker.memory_bytes:
            parts.append(f"worker {size_text(worker.memory_bytes)}")
    if session.exported is not None:
        parts.append(f"last export {duration_text(session.exported.seconds)}")
        measured = [check.psnr_db for check in session.exported.result.checks if check.psnr_db is not None]
        if measured:
            parts.append(f"{min(measured):.0f} dB")
    return parts
