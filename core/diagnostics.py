"""A diagnostic: one thing about a model that a person should know, with its place and what to do."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. Two diagnostics with the same ``identity`` are the same finding, seen twice."""

    code: str
    """``area.what``, such as ``trace.branch-on-tensor``; stable, and the name of its documentation page."""
    severity: Severity
    message: str
    module: str | None = None
    """Path of the submodule, ``""`` for the model itself, None where it belongs to none."""
    file: str | None = None
    line: int | None = None
    source: str | None = None
    """The text of the line, stripped."""
    hint: str | None = None
    """What to do."""
    evidence: str | None = None
    """What was measured to reach the verdict, in words."""
    is_acknowledged: bool = False
    """Whether the recipe says that a person has accepted it, with this text of its line."""
    original: str | None = None
    """The text of torch or coremltools that this was made from."""
    page: str = ""
    """Its page in the documentation, a path in the repository; it follows from the code."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "page", f"docs/diagnostics/{self.code}.md")

    @property
    def identity(self) -> tuple[str, str | None, str | None, int | None, str]:
        # A line-less diagnostic is told apart by its text; a located one is one finding however it is worded.
        return (self.code, self.module, self.file, self.line, "" if self.line else self.message)


def without_repeats(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics in order, each identity once, the first kept."""
    return list({diagnostic.identity: diagnostic for diagnostic in reversed(diagnostics)}.values())[::-1]
