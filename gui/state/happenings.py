"""What happens in the window itself, beside the worker's events: facts in the past tense, a closed union."""

from pathlib import Path

import msgspec

from ...core.diagnostics import Diagnostic
from ...core.errors import Failure
from ...core.recipe.model import Recipe
from ...core.results import EntryOutline
from .history import ExportRecord
from .session import Comparison, Document, JobKind, Notice, Selection


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the closed union ``AnyHappening``."""


class DocumentOpened(Happening, frozen=True, kw_only=True):
    """A model file or a recipe was opened; the session starts afresh."""

    document: Document


class DocumentClosed(Happening, frozen=True, kw_only=True):
    """Nothing is open any more."""


class OpenFailed(Happening, frozen=True, kw_only=True):
    """Something could not be opened, saved or read; what was open stays open."""

    failure: Failure


class TrustAsked(Happening, frozen=True, kw_only=True):
    """The person is being asked whether the model file may run."""


class TrustDecided(Happening, frozen=True, kw_only=True):
    is_given: bool


class RecipeReplaced(Happening, frozen=True, kw_only=True):
    """An edit, its undo or its redo."""

    recipe: Recipe


class InputsSuggested(Happening, frozen=True, kw_only=True):
    """A model file was opened without a recipe, and its inputs were proposed: not an edit, nothing to save."""

    recipe: Recipe


class RecipeSaved(Happening, frozen=True, kw_only=True):
    """The recipe, as it is now, is on disk at ``file``."""

    file: Path


class OutChosen(Happening, frozen=True, kw_only=True):
    """Exports go to another folder from now on."""

    out: Path


class SourceChanged(Happening, frozen=True, kw_only=True):
    """The model file changed on disk, or was asked to be read again."""

    entries: tuple[EntryOutline, ...]


class JobSubmitted(Happening, frozen=True, kw_only=True):
    job: int
    kind: JobKind
    recipe: Recipe
    file: str | None = None
    """The exported file that is read."""
    at_s: float
    """On the clock of ``time.monotonic``."""


class DiagnosticsGathered(Happening, frozen=True, kw_only=True):
    """The worker found these since the last picture; a model with thousands of findings costs one picture for many."""

    job: int
    diagnostics: tuple[Diagnostic, ...]


class CancelAsked(Happening, frozen=True, kw_only=True):
    job: int


class SelectionMoved(Happening, frozen=True, kw_only=True):
    selection: Selection


class HistoryRead(Happening, frozen=True, kw_only=True):
    """The past exports of what is open are these."""

    records: tuple[ExportRecord, ...]


class ComparisonMade(Happening, frozen=True, kw_only=True):
    """The differences of two graphs are wanted; None for no longer."""

    comparison: Comparison | None


class NoticeShown(Happening, frozen=True, kw_only=True):
    notice: Notice


class MessageClosed(Happening, frozen=True, kw_only=True):
    """The banner was closed."""


AnyHappening = (
    DocumentOpened
    | DocumentClosed
    | OpenFailed
    | TrustAsked
    | TrustDecided
    | RecipeReplaced
    | InputsSuggested
    | RecipeSaved
    | OutChosen
    | SourceChanged
    | JobSubmitted
    | DiagnosticsGathered
    | CancelAsked
    | SelectionMoved
    | ComparisonMade
    | HistoryRead
    | NoticeShown
    | MessageClosed
)
