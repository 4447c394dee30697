"""What a model file offers for export, found without running it."""

from typing import Any

from PySide6.QtCore import Qt

from ...core.results import EntryOutline, Parameter
from .. import theme
from .table import RowsModel

_ICONS = {"class": "module", "instance": "module", "method": "function", "function": "function", "factory": "function"}


class EntriesModel(RowsModel[EntryOutline]):
    headings = ("Entry", "Kind", "Line")
    right_aligned = frozenset({2})

    def cell(self, row: EntryOutline, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (row.name, row.kind, str(row.line))[column]
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return theme.icon(_ICONS.get(row.kind, "entry"))
            case Qt.ItemDataRole.ToolTipRole:
                return entry_words(row)
            case Qt.ItemDataRole.ForegroundRole if column > 0:
                return theme.meaning("muted")
        return None


def entry_words(entry: EntryOutline) -> str:
    """Return the signatures and the first paragraph of the docstring."""
    lines = []
    if entry.kind in ("class", "factory"):
        lines.append(f"{entry.name}({_signature(entry.constructor)})")
    if entry.kind in ("class", "instance", "method"):
        lines.append(f"forward({_signature(entry.signature)})" if entry.kind != "method" else _call(entry))
    elif entry.kind == "function":
        lines.append(_call(entry))
    if entry.doc:
        lines.append(entry.doc.strip().split("\n\n")[0])
    return "\n".join(lines)


def _call(entry: EntryOutline) -> str:
    return f"{entry.name}({_signature(entry.signature)})"


def _signature(parameters: tuple[Parameter, ...]) -> str:
    return ", ".join(parameter_text(parameter) for parameter in parameters)


def parameter_text(parameter: Parameter) -> str:
    """Return ``channels: int = 3``."""
    stars = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if parameter.default is not None:
        text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
    return text
