"""Which mode each module is compiled with: its own mark, else that of its parent."""

from collections.abc import Iterable, Mapping

from ...core.recipe.model import Mark
from ...core.results import ModuleRow


def effective_modes(rows: Iterable[ModuleRow], marks: Mapping[str, Mark]) -> dict[str, Mark]:
    """Return path → mode. A container (ModuleList and the like) has no mark of its own and passes its parent's on."""
    modes: dict[str, Mark] = {}
    for row in rows:
        inherited = modes.get(parent_path(row.path), "trace") if row.path else "trace"
        modes[row.path] = "script" if row.is_script else marks.get(row.path, inherited)
    return modes


def parent_path(path: str) -> str:
    return path.rpartition(".")[0]
