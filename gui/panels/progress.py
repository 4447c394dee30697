"""The job that runs: its stage, how far it is, how long it has run, and the way to end it."""

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from ..state.durations import duration_text
from ..state.session import Job, JobKind

_STAGES: dict[JobKind, str] = {
    "inspect": "Loading the model",
    "export": "Exporting",
    "compress": "Trying compression",
    "advise": "Advising",
    "texts": "Reading the result",
    "graph": "Reading the graph",
    "package": "Reading the package",
    "compare": "Comparing graphs",
    "times": "Measuring times",
}


class ProgressPanel(QWidget):
    """Lives in the toolbar; keeps its place when no job runs, so that nothing jumps."""

    def __init__(self, cancel: QAction) -> None:
        super().__init__()
        self._job: Job | None = None
        self.stage = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(150)
        self.bar.setMaximumHeight(12)
        self.bar.setAccessibleName("Progress of the stage")
        self.elapsed = QLabel()
        self.elapsed.setMinimumWidth(self.elapsed.fontMetrics().horizontalAdvance("0000.0 s"))
        self.cancel_button = QToolButton()
        self.cancel_button.setDefaultAction(cancel)
        self._clock = QTimer(self)
        self._clock.setInterval(100)
        self._clock.timeout.connect(self._show_elapsed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 6, 0)
        layout.setSpacing(8)
        layout.addStretch()
        for widget in (self.stage, self.bar, self.elapsed, self.cancel_button):
            layout.addWidget(widget)
            widget.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_state(self, job: Job | None) -> None:
        if job == self._job:
            return
        self._job = job
        for widget in (self.stage, self.bar, self.elapsed, self.cancel_button):
            widget.setVisible(job is not None)
        if job is None:
            self._clock.stop()
            return
        self.stage.setText(stage_text(job))
        if job.fraction is None:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(job.fraction * 1000))
        self.setToolTip(job.detail)
        self._show_elapsed()
        if not self._clock.isActive():
            self._clock.start()

    def _show_elapsed(self) -> None:
        if self._job is not None:
            self.elapsed.setText(duration_text(time.monotonic() - self._job.started_s))


def stage_text(job: Job) -> str:
    """Return what the job is doing now, in a few words."""
    if job.is_cancelling:
        return "Cancelling"
    stage = job.stage.replace("_", " ").replace("-", " ") or _STAGES[job.kind]
    percent = f" {job.fraction:.0%}" if job.fraction is not None else ""
    return f"{stage[:1].upper()}{stage[1:]}{percent}"
