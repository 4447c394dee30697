"""The session: everything the window shows, as one frozen value."""

from pathlib import Path
from typing import Literal

import msgspec

from ...core.diagnostics import Diagnostic
from ...core.errors import Failure
from ...core.graph.model import Graph
from ...core.recipe.model import Model, Recipe
from ...core.results import (
    Advice,
    CompressionReport,
    CoreMLSummary,
    EntryOutline,
    ExportResult,
    Float32Suggestion,
    Inspection,
    TimesResult,
    TorchScriptTexts,
)
from .advice import acknowledgement, is_same_question, with_advice
from .history import ExportRecord
from .layers import with_suggestion

JobKind = Literal["inspect", "export", "advise", "texts", "graph", "package", "compress", "compare", "times"]
PACKAGE_SUFFIXES = (".mlpackage", ".mlmodel", ".pt2")
Trust = Literal["unknown", "asked", "given", "refused"]
Tone = Literal["success", "information", "warning"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts of a session."""


class Job(Part, frozen=True, kw_only=True):
    """The job that runs now; the worker runs one at a time."""

    id: int
    kind: JobKind
    started_s: float
    """On the clock of ``time.monotonic``."""
    stage: str = ""
    fraction: float | None = None
    detail: str = ""
    is_cancelling: bool = False
    is_orphan: bool = False
    """The document it was for is no longer open; what it still says changes nothing."""


class WorkerFacts(Part, frozen=True, kw_only=True):
    """What the running worker said of itself."""

    pid: int
    python: str
    torch: str
    coremltools: str | None
    devices: tuple[str, ...]
    memory_bytes: int = 0


class Selection(Part, frozen=True, kw_only=True):
    """What is selected, in every view at once."""

    module: str | None = None
    """Path of a submodule; ``""`` is the model."""
    file: str | None = None
    line: int | None = None
    node: str | None = None
    """Id of a node of a graph."""
    graph: Literal["torchscript", "coreml"] | None = None
    """The graph that has the node."""
    operation: str = ""
    """What the node does; finds its counterpart in the other graph."""
    is_whole_module: bool = False
    """The module as a whole is meant; file and line are where it is written, or called."""


class Notice(Part, frozen=True, kw_only=True):
    """One sentence of good or neutral news, until it is closed or something else happens."""

    tone: Tone
    text: str
    reveal: str | None = None
    """A folder or file that a button shows in the system's file window."""


class Document(Part, frozen=True, kw_only=True):
    """The recipe that is edited, and where it lives."""

    recipe: Recipe
    saved: Recipe
    """The recipe as it is on disk, or as it was proposed when a model file was opened."""
    folder: Path
    """Absolute; paths in ``recipe`` are relative to it. A recipe saved elsewhere is written with its paths adapted, so
    that undo never meets paths that are meant from another folder."""
    recipe_file: Path | None = None
    """None until the recipe has been saved."""
    out: Path
    """Absolute folder that an export fills."""
    entries: tuple[EntryOutline, ...] = ()

    @property
    def model_file(self) -> Path:
        return self.folder / self.recipe.model.file

    @property
    def is_package(self) -> bool:
        """Whether a finished file was opened, Core ML or a program: something to look at, and nothing to export."""
        return self.model_file.suffix in PACKAGE_SUFFIXES

    @property
    def is_modified(self) -> bool:
        return self.recipe != self.saved

    @property
    def title(self) -> str:
        return self.recipe_file.name if self.recipe_file else self.model_file.name

    @property
    def entry(self) -> EntryOutline | None:
        """The outline of the chosen entry, or None where the outline does not know it (made by a call, say)."""
        name = self.recipe.model.entry
        return next((entry for entry in self.entries if entry.name == name), None)

    @property
    def missing_arguments(self) -> tuple[str, ...]:
        """Constructor parameters that have neither a default nor a value; the model cannot be made without them."""
        parameters = self.entry.constructor if self.entry else ()
        given = self.recipe.model.arguments
        return tuple(
            parameter.name
            for parameter in parameters
            if parameter.default is None and not parameter.kind.startswith("var_") and parameter.name not in given
        )


class Exported(Part, frozen=True, kw_only=True):
    """The last export that ended well."""

    result: ExportResult
    recipe: Recipe
    """The recipe that was sent; the present one may have changed since."""
    seconds: float


class Shown(Part, frozen=True, kw_only=True):
    """The files that the tabs show, and what has been read of them: those of an export, or one that was opened."""

    files: dict[str, str]
    """``torchscript``, ``coreml``: absolute paths."""
    texts: TorchScriptTexts | None = None
    graphs: dict[str, Graph] = {}
    """File to its graph, as far as they have been read."""
    unshaped: frozenset[str] = frozenset()
    """Files whose graph is shown already, and whose shapes are still to be found."""
    times: dict[str, TimesResult] = {}
    """File to what its operations took, where that was measured."""
    coreml: CoreMLSummary | None = None
    remarks: dict[str, str] = {}
    """File to the reason why it has no graph; ``texts`` to why TorchScript's texts are not known, ``package`` to why
    the inputs and outputs of the package are not."""

    @property
    def compiled(self) -> str:
        """The file that torch made, TorchScript or the first program of ``torch.export``; empty where there is none."""
        kinds = ("torchscript", *(kind for kind in self.files if kind.startswith("exported")))
        return next((self.files[kind] for kind in kinds if kind in self.files), "")


class Comparison(Part, frozen=True, kw_only=True):
    """Two graphs whose differences are shown."""

    before: Graph
    after: Graph


class Advised(Part, frozen=True, kw_only=True):
    """The last answer of the advisor."""

    advice: Advice
    recipe: Recipe
    """The recipe that it was asked for."""


class Session(Part, frozen=True, kw_only=True):
    """All of it. ``reduce`` is the only thing that makes a new one."""

    document: Document | None = None
    trust: Trust = "unknown"
    inspection: Inspection | None = None
    """Describes the model as ``inspected`` said; kept while a newer inspection runs or after it failed."""
    inspected: Model | None = None
    """The model part of the recipe that the last inspection, good or bad, was asked for."""
    job: Job | None = None
    job_recipe: Recipe | None = None
    job_file: str | None = None
    """The exported file that a job of kind ``texts`` or ``graph`` reads."""
    exported: Exported | None = None
    shown: Shown | None = None
    comparison: Comparison | None = None
    earlier_graphs: dict[str, Graph] = {}
    """``torchscript``, ``coreml``: graphs of the export before the one on show."""
    advised: Advised | None = None
    what_if: CompressionReport | None = None
    """Choices of compression, tried on what was exported last."""
    diagnostics: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None
    notice: Notice | None = None
    worker: WorkerFacts | None = None
    selection: Selection = Selection()
    history: tuple[ExportRecord, ...] = ()
    """Past exports of this document, newest first."""

    @property
    def is_editable(self) -> bool:
        """Whether there is a recipe to edit and to export."""
        return self.document is not None and not self.document.is_package

    @property
    def is_result_stale(self) -> bool:
        """Whether the recipe was edited since the export whose results are shown."""
        return bool(self.exported and self.document and self.exported.recipe != self.document.recipe)

    @property
    def is_advice_stale(self) -> bool:
        """Whether the model or its inputs were edited since the advice that is shown."""
        return bool(self.advised and self.document and not is_same_question(self.advised.recipe, self.document.recipe))

    @property
    def can_apply_advice(self) -> bool:
        """Whether there is a verified answer, for what is open now, that the recipe does not have yet."""
        if self.advised is None or self.document is None or not self.advised.advice.is_verified:
            return False
        recipe = self.document.recipe
        return not self.is_advice_stale and with_advice(recipe, self.advised.advice) != recipe

    @property
    def can_try_compression(self) -> bool:
        """Whether there is an exported package whose weights are as the model has them."""
        exported = self.exported
        has_package = exported is not None and exported.result.files.get("coreml", "").endswith(".mlpackage")
        return bool(self.can_run and has_package and exported and not exported.recipe.coreml.compression)

    @property
    def float32_suggestion(self) -> Float32Suggestion | None:
        """What to keep in float32, where it was suggested for what is open now and the recipe lacks it."""
        suggestion = None if self.exported is None else self.exported.result.float32_suggestion
        if suggestion is None or not suggestion.operations or not self.is_editable or self.document is None:
            return None
        recipe = self.document.recipe
        return None if with_suggestion(recipe, suggestion) == recipe else suggestion

    def is_accepted(self, diagnostic: Diagnostic) -> bool:
        """Whether the recipe accepts a finding, with the text of its line."""
        return self.document is not None and acknowledgement(diagnostic) in self.document.recipe.acknowledged

    @property
    def can_run(self) -> bool:
        return bool(self.document and self.trust == "given" and self.job is None)

    @property
    def needs_inspection(self) -> bool:
        """Whether the model on show is not the one that the recipe describes, and could be loaded now."""
        return bool(
            self.document
            and not self.document.is_package
            and self.can_run
            and self.document.recipe.model != self.inspected
            and not self.document.missing_arguments
        )
