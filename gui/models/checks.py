"""Numeric checks as a table, and each in plain words."""

from typing import Any

from PySide6.QtCore import Qt

from ...core.results import Check
from .. import theme
from .table import RowsModel

NAME, STATUS, RELATIVE, ABSOLUTE, PSNR, PROBES, OUTPUT = range(7)
_LOOK = {"passed": ("success", "success"), "failed": ("error", "error"), "not run": ("skipped", "muted")}
_TITLES = {
    "torchscript": "TorchScript, as compiled",
    "reloaded": "TorchScript file, reloaded",
    "coreml": "Core ML package",
    "coreml.float32": "Core ML in 32 bit",
    "coreml.control-flow": "Core ML branches and loops",
}
_SUBJECTS = {
    "torchscript": "The compiled model",
    "reloaded": "The saved .pt file, loaded in a clean process without your code,",
    "coreml": "The Core ML package",
    "coreml.float32": "The Core ML program, computed in 32 bit,",
    "coreml.control-flow": "What the Core ML program has of the model's branches and loops",
}


class ChecksModel(RowsModel[Check]):
    headings = ("Check", "Outcome", "Relative error", "Absolute error", "PSNR", "Inputs", "Worst output")
    right_aligned = frozenset({RELATIVE, ABSOLUTE, PSNR, PROBES})

    def cell(self, row: Check, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == STATUS:
                return theme.icon(*_LOOK.get(row.status, ("note", "note")))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_words(row)
        return None

    def _text(self, row: Check, column: int) -> str:
        was_run = row.status != "not run"
        match column:
            case 0:
                return _TITLES.get(row.name, row.name)
            case 1:
                return row.status
            case 2:
                return error_text(row.max_relative_error)
            case 3:
                return error_text(row.max_absolute_error)
            case 4:
                return psnr_text(row)
            case 5:
                return str(row.probes) if was_run else "–"
            case _:
                return row.output or "–"


def rule_text(check: Check) -> str:
    """Return the rule with the signs of print."""
    return (check.threshold or "–").replace("<=", "≤").replace(">=", "≥")


def error_text(error: float | None) -> str:
    """Return an error in few digits, a dash where none was measured."""
    return "–" if error is None else "0" if error == 0 else f"{error:.2g}"


def psnr_text(check: Check) -> str:
    """Return decibels; ``identical`` where both sides are the same to the last bit."""
    if check.status == "not run":
        return "–"
    if check.psnr_db is None:
        return "identical" if check.max_absolute_error == 0 else "–"
    return f"{check.psnr_db:.0f} dB"


def plain_words(check: Check) -> str:
    """Return one or two sentences that need no knowledge of the numbers."""
    subject = _SUBJECTS.get(check.name, f"The check “{check.name}”")
    inputs = f"{check.probes} random input{'' if check.probes == 1 else 's'}"
    output = f" The worst output was {check.output}." if check.output else ""
    rule = f" The rule is: {rule_text(check)}." if check.threshold else ""
    match check.status:
        case "passed" if check.max_absolute_error == 0:
            return f"{subject} gave exactly the numbers of your model on {inputs}."
        case "passed":
            return (
                f"{subject} agreed with your model on {inputs}; "
                f"the largest relative error was {error_text(check.max_relative_error)}.{rule}"
            )
        case "failed":
            found = f"the largest relative error was {error_text(check.max_relative_error)}"
            found = check.reason or (found if check.max_relative_error is not None else "its results differ")
            return f"{subject} does not agree with your model on {inputs}: {found.rstrip('.')}.{rule}{output}"
        case _:
            return f"{subject} was not checked: {(check.reason or 'no reason was given').rstrip('.')}."
