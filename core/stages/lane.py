"""A lane: one way from the loaded model to a file that runs without its Python code, and on to Core ML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..checks.verdict import Expected
from ..exported.program import ExportedEntry
from ..results import Check
from ..torchscript.compile import CompiledEntry

Entry = CompiledEntry | ExportedEntry


@dataclass(frozen=True, kw_only=True)
class LaneMade:
    """The model in its file, and what was found of it."""

    entry: Entry
    files: Mapping[str, str]
    """Kind to name: ``torchscript``; ``exported``, of several methods ``exported.encode``."""
    expected: Mapping[str, Sequence[Expected]]
    """What the model itself gives on every probe of each method; those that cannot be compared say so."""
    checks: tuple[Check, ...]


class LaneStage(Protocol):
    """The lane's part of an export: made now, or taken over from the export before."""

    @property
    def entry(self) -> Entry:
        """What was compiled or exported."""

    @property
    def expected(self) -> Mapping[str, Sequence[Expected]]:
        """What the model itself gives on every probe of each method."""

    def start(self, stem: Path) -> None:
        """Write the file beside ``stem``, and begin to check it."""

    def finish(self) -> LaneMade:
        """Wait for the checks."""
