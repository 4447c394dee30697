"""Files that can be opened with one click: recent ones and the examples."""

from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import Qt

from .. import theme
from .table import RowsModel

PATH_ROLE = Qt.ItemDataRole.UserRole


class PathRow(NamedTuple):
    path: Path
    label: str
    detail: str
    icon: str


class PathsModel(RowsModel[PathRow]):
    headings = ("File", "Where")

    def cell(self, row: PathRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.label if column == 0 else row.detail
            case Qt.ItemDataRole.DecorationRole if column == 0:
                return theme.icon(row.icon)
            case Qt.ItemDataRole.ToolTipRole:
                return str(row.path)
            case Qt.ItemDataRole.ForegroundRole if column == 1:
                return theme.meaning("muted")
        return str(row.path) if role == PATH_ROLE else None


def recent_rows(paths: list[str]) -> tuple[PathRow, ...]:
    """Return rows for files that still exist, latest first."""
    found = [Path(path) for path in paths if Path(path).exists()]
    home = str(Path.home())
    return tuple(PathRow(path, path.name, str(path.parent).replace(home, "~", 1), icon=icon_of(path)) for path in found)


def example_rows() -> tuple[PathRow, ...]:
    """Return the examples that ship with ExportDesk, the easiest first."""
    from ...resources import examples  # it reads recipes, which the first picture of the window need not wait for

    return tuple(PathRow(example.recipe, *_split(example.title), icon="example") for example in examples())


def icon_of(path: Path) -> str:
    return "recipe" if path.suffix == ".toml" else "file"


def _split(title: str) -> tuple[str, str]:
    name, _, rest = title.partition(", ")
    return name, rest
