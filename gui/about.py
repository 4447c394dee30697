"""Texts of the Help menu."""

import html
import platform
from importlib import metadata

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QKeySequence

from .actions import MENUS
from .main_window import MainWindow
from .state.session import WorkerFacts

TORCH_JIT_REMARK = (
    "torch.jit is deprecated since torch 2.9 and not supported on Python 3.14; it still works here, "
    "and it is what coremltools converts best."
)


def about_text(worker: WorkerFacts | None) -> str:
    """Return the versions of all that takes part in an export, as HTML."""
    try:
        version = metadata.version("exportdesk")
    except metadata.PackageNotFoundError:
        version = "of this checkout"
    rows = [
        ("ExportDesk", version),
        ("Python", platform.python_version()),
        ("Qt", f"{qVersion()}, PySide6 {PySide6.__version__}"),
        ("torch", worker.torch if worker else "known once the worker runs"),
        ("coremltools", (worker.coremltools or "not installed") if worker else "known once the worker runs"),
        ("System", platform.platform()),
    ]
    table = "".join(f"<tr><td>{name}&nbsp;&nbsp;</td><td>{html.escape(text)}</td></tr>" for name, text in rows)
    return f"<table>{table}</table><p>{TORCH_JIT_REMARK}</p>"


def shortcuts_text(window: MainWindow) -> str:
    """Return all shortcuts, by menu, as HTML."""
    parts = []
    for title in MENUS:
        rows = []
        for action in window.action_table.menus[title].actions():
            members = action.menu().actions() if action.menu() else [action]  # type: ignore[attr-defined]
            rows += [(member.text(), member.shortcut()) for member in members if not member.shortcut().isEmpty()]
        cells = "".join(
            f"<tr><td>{html.escape(text.replace('&', ''))}&nbsp;&nbsp;&nbsp;</td>"
            f"<td>{html.escape(keys.toString(QKeySequence.SequenceFormat.NativeText))}</td></tr>"
            for text, keys in rows
        )
        parts.append(f"<p><b>{title.replace('&', '')}</b></p><table>{cells}</table>")
    return "".join(parts)
