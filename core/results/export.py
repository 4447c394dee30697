"""What an export made: files, checks, and the Core ML package in words."""

import msgspec

from ..diagnostics import Diagnostic
from ..recipe.model import Recipe
from .checks import Check, Float32Suggestion, LayerError
from .result import Result


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One input or output of a Core ML package."""

    name: str
    kind: str
    """tensor, image, state, string, int64, double, dictionary."""
    dtype: str
    shape: tuple[str, ...]
    """One text a dimension: ``"3"``, ``"64..512"``, ``"1 | 2 | 4"``."""
    description: str = ""


class FunctionFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """What one function of a package takes and gives."""

    name: str
    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    states: tuple[Feature, ...] = ()


class CoreMLSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the app team gets, read back from the package that was written."""

    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    states: tuple[Feature, ...] = ()
    functions: tuple[FunctionFeatures, ...] = ()
    """Of a package with several; the fields above are the default one's."""
    operations: dict[str, int] = {}
    """Operation name to count, most frequent first."""
    size_bytes: int = 0
    specification_version: int = 0
    minimum_deployment_target: str = ""
    precision: str = ""


class TorchScriptTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The four textual views of a compiled model."""

    code: str
    graph: str
    inlined_graph: str
    printed: str


class TextsResult(Result, frozen=True, kw_only=True, tag="texts"):
    """TorchScript texts of a file."""

    file: str
    texts: TorchScriptTexts


class ExportResult(Result, frozen=True, kw_only=True, tag="export"):
    """A finished export: every path in ``files`` exists and is whole."""

    out: str
    files: dict[str, str]
    """``torchscript``, ``coreml``, ``recipe``: absolute paths."""
    checks: tuple[Check, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: dict[str, float]
    """Stage to wall-clock seconds, in the order of the pipeline."""
    kept: tuple[str, ...] = ()
    """Stages that were not run again, because nothing has changed that they depend on."""
    recipe: Recipe
    modes: dict[str, str]
    """Module path to ``trace`` or ``script``: the mode that each module was compiled with."""
    coreml: CoreMLSummary | None = None
    layers: tuple[LayerError, ...] = ()
    """Where a Core ML check failed, or the recipe asks for it: errors by submodule, on one probe, in order of depth."""
    float32_suggestion: Float32Suggestion | None = None

    @property
    def is_good(self) -> bool:
        """Whether no check failed; a check that could not run is not a failure, and is said to be not run."""
        return all(check.status != "failed" for check in self.checks)
