"""What each job ends with: plain data that crosses the process border and becomes the command line's JSON."""

from typing import Any

import msgspec

from .diagnostics import Diagnostic
from .graph.diff import GraphDiff
from .graph.model import Graph
from .recipe.model import CoreMLCompression, Dimension, Recipe


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all results; what each holds is data only."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a signature; ``default`` is source text, None where the parameter is required."""

    name: str
    annotation: str | None = None
    default: str | None = None
    kind: str = "positional"
    """positional, keyword, var_positional or var_keyword."""


class EntryOutline(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a model file that may be exported, found without running the file."""

    name: str
    kind: str
    """class, factory, function, instance or method (``Net.encode``, listed after its class)."""
    line: int
    doc: str | None = None
    constructor: tuple[Parameter, ...] = ()
    """Parameters that make the model: of ``__init__`` for a class, of the function for a factory."""
    signature: tuple[Parameter, ...] = ()
    """Parameters of what is exported: of ``forward``, of the function."""
    used_by: tuple[str, ...] = ()
    """Other entries of the file whose definition names this one; what is used is seldom what is exported."""


class SuggestedInput(msgspec.Struct, frozen=True, kw_only=True):
    """An input that ExportDesk proposes, with the reason why."""

    name: str
    shape: tuple[Dimension, ...]
    dtype: str
    reason: str
    high: float | None = None
    """Integers are to be below this (the size of an embedding table), where it is known."""


class ModuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One submodule of a loaded model; rows come in depth-first order, the model itself (path ``""``) first."""

    path: str
    type_name: str
    parameter_count: int
    """Elements of the parameters of this module and all below it, shared ones counted once."""
    own_parameter_count: int
    file: str | None = None
    line: int | None = None
    is_container: bool = False
    """A ModuleList, ModuleDict and the like: it has no ``forward`` and cannot be marked."""
    is_script: bool = False
    """Already TorchScript when the model was loaded."""
    shared_with: str | None = None
    """Path under which this very object came first, or None."""
    training_sensitive: bool = False
    """Dropout, batch norm and the like: train and eval mode differ."""


class BufferRow(msgspec.Struct, frozen=True, kw_only=True):
    """A buffer of a loaded model: a tensor that ``forward`` may update, and that is no parameter."""

    path: str
    shape: tuple[int, ...]
    dtype: str


class Inspection(Result, frozen=True, kw_only=True, tag="inspection"):
    """A loaded model; ``entries`` is known even where nothing was loaded."""

    file: str
    entries: tuple[EntryOutline, ...]
    entry: str | None = None
    modules: tuple[ModuleRow, ...] = ()
    signature: tuple[Parameter, ...] = ()
    suggested_inputs: tuple[SuggestedInput, ...] = ()
    parameter_count: int = 0
    buffers: tuple[BufferRow, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One numeric comparison with the eager model.

    ``status`` is ``passed``, ``failed`` or ``not run``; a check that is not run has a ``reason`` and no numbers.
    """

    name: str
    """torchscript, reloaded, coreml, ..."""
    status: str
    reason: str | None = None
    probes: int = 0
    max_absolute_error: float | None = None
    max_relative_error: float | None = None
    psnr_db: float | None = None
    """None also where both sides are identical (infinite)."""
    threshold: str | None = None
    """The condition that was applied, as text: ``relative error <= 1e-05``."""
    output: str | None = None
    """Path of the worst output, ``out["boxes"][0]``."""
    probe: str | None = None
    """Description of the probe on which it was worst."""


class LayerError(msgspec.Struct, frozen=True, kw_only=True):
    """What one submodule gives on one probe, beside the value of the Core ML program that stands for it."""

    module: str
    """Path; ``""`` is the model itself."""
    type_name: str
    call: int = 0
    """Which call of the module, from 0."""
    value: str
    """Name of the value in the Core ML program."""
    operation: str
    """Type of the operation that makes the value."""
    file: str | None = None
    line: int | None = None
    max_absolute_error: float | None = None
    """Of the program in its own precision; None where it is infinite or no number."""
    max_relative_error: float | None = None
    """Of the largest magnitude that the module gives."""
    psnr_db: float | None = None
    """None where both sides are equal, or where one is infinite or no number."""
    float32_relative_error: float | None = None
    """The same, the program computed in float32: what is not rounding."""
    float32_psnr_db: float | None = None
    largest: float = 0.0
    """Magnitudes that the module gives; the smallest is of those that are not zero."""
    smallest: float = 0.0
    overflowing: int = 0
    """Elements beyond 65504, which float16 makes infinite."""
    subnormal: int = 0
    """Elements below 2**-14, of which float16 keeps fewer digits."""
    underflowing: int = 0
    """Elements below 2**-25, which float16 makes zero."""
    elements: int = 0


class Float32Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Operations to keep in float32 so that the rest may be float16."""

    operations: tuple[str, ...]
    """Names, in the order of the program, for ``[coreml] float32_operations``; empty where nothing is needed."""
    modules: dict[str, str | None]
    """Operation to submodule, as far as the package tells."""
    psnr_before_db: float | None
    """Of the worst output; None where it is not finite."""
    psnr_after_db: float | None
    is_enough: bool
    """Whether the threshold is reached."""
    tried: int
    """How many sets were measured."""
    is_verified: bool = False
    """Whether the model was converted again with them and passed its check; otherwise only a simulation tells."""


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


class ShownProbe(msgspec.Struct, frozen=True, kw_only=True):
    """An input that shows something; it is made again by its description's seed, or kept in ``file``."""

    description: str
    method: str = "forward"
    shapes: tuple[tuple[int, ...], ...] = ()
    dtypes: tuple[str, ...] = ()
    file: str | None = None
    """A ``.npz`` with the tensors by input name, where it was asked for."""
    names: tuple[str, ...] = ()
    """Of the inputs, as in ``file``."""


class DoubtfulPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A line at which a tensor becomes a Python value, tested by experiment."""

    module: str
    file: str | None
    line: int | None
    source: str | None
    kind: str
    """bool, number, index, values or size."""
    verdict: str
    """harmless, changes the output, depends on shape only, could not be decided."""
    evidence: str
    probe: ShownProbe | None = None
    expected: str | None = None
    """What the model gives for the probe, in short."""
    actual: str | None = None
    """What it gives with the value frozen, in short."""


class Culprit(msgspec.Struct, frozen=True, kw_only=True):
    """A submodule that a trace would get wrong, with what shows it."""

    module: str
    """Path; ``""`` is the model itself."""
    type_name: str
    file: str | None
    line: int | None
    source: str | None
    evidence: str
    probe: ShownProbe | None = None
    expected: str | None = None
    actual: str | None = None
    is_scripted: bool = False
    """Whether the recommended marks script it."""


class EnvelopePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The artefact compared with the model at one point of an axis."""

    axis: str
    """``batch``, ``x[2]`` (a dimension of an input), ``scale``, ``dtype`` or ``device``."""
    value: str
    agrees: bool | None
    """None where it could not be run: the model itself does not run there, or the machine has no such device."""
    error: float | None = None
    """Largest relative error."""
    reason: str | None = None


class Advice(Result, frozen=True, kw_only=True, tag="advice"):
    """Which submodules to script, and what that rests on."""

    marks: dict[str, str]
    """Module path to ``script`` or ``trace``; empty where nothing need be scripted, or where nothing was verified."""
    culprits: tuple[Culprit, ...]
    is_verified: bool = msgspec.field(name="verified")
    """Whether the model compiled with ``marks`` agrees with the model itself on every probe."""
    probe_count: int = msgspec.field(name="probes")
    diagnostics: tuple[Diagnostic, ...]
    recipe: Recipe
    """The recipe with the marks applied."""
    places: tuple[DoubtfulPlace, ...] = ()
    envelope: tuple[EnvelopePoint, ...] = ()
    seconds: dict[str, float] = {}


class PackageDescription(Result, frozen=True, kw_only=True, tag="package"):
    """What a Core ML package takes, gives and is made of."""

    package: str
    summary: CoreMLSummary


class TextsResult(Result, frozen=True, kw_only=True, tag="texts"):
    """TorchScript texts of a file."""

    file: str
    texts: TorchScriptTexts


class ArraySummary(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a run, in numbers worth printing; they are of its finite elements."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    non_finite: int = 0
    """Elements that are infinite or no number."""
    text: str | None = None
    """A label, or the most likely one of a dictionary of probabilities."""


class UnsupportedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of a package that reference execution does not know."""

    type: str
    name: str
    """Of its first output."""
    opset: str
    function: str
    module: str | None = None
    file: str | None = None
    line: int | None = None


class ValueRange(msgspec.Struct, frozen=True, kw_only=True):
    """Magnitudes of one half-precision value of a program, as float32 computes it."""

    name: str
    operation: str
    module: str | None
    """Submodule that it came from; None where the package does not tell."""
    largest: float
    smallest: float
    """Smallest that is not zero."""
    overflowing: int
    """Elements beyond 65504, which half precision makes infinite."""
    subnormal: int
    """Elements below 2**-14, of which half precision keeps fewer digits or none."""
    elements: int


class ValueErrorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a program in its own precision, compared with the same in float32."""

    name: str
    operation: str
    module: str | None
    differs: bool = False
    is_overflow: bool = False
    """Infinite or no number, where float32 gives a number."""
    max_absolute_error: float = 0.0
    max_relative_error: float = 0.0
    """Of the largest magnitude of the value."""
    psnr_db: float | None = None
    """None where both are equal."""


class RoundingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What rounding does to a program, value by value in the program's order."""

    rows: tuple[ValueErrorRow, ...]
    diverged_at: str | None = None
    """The value whose rounding made a branch or loop go another way; nothing behind it was compared."""
    first_overflow: str | None = None


class PackageRun(Result, frozen=True, kw_only=True, tag="run"):
    """A package that was run by reference execution; where only support was asked for, nothing was run."""

    package: str
    function: str | None = None
    precision: str | None = None
    steps: int = 0
    outputs: tuple[ArraySummary, ...] = ()
    intermediates: tuple[ArraySummary, ...] = ()
    states: tuple[ArraySummary, ...] = ()
    output: str | None = None
    """The file that was written."""
    seconds: float = 0.0
    operations: dict[str, int] = {}
    """Operation name to count, most frequent first."""
    unsupported: tuple[UnsupportedOperation, ...] = ()


class BundleCheck(Result, frozen=True, kw_only=True, tag="check"):
    """What was found in a bundle that was handed over."""

    bundle: str
    files: dict[str, str]
    """Each file to ``ok``, ``changed``, ``missing`` or ``added``."""
    checks: tuple[Check, ...]

    @property
    def is_good(self) -> bool:
        return all(check.status != "failed" for check in self.checks)


class CompressionTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A package compressed in one way; numbers are against the model itself, on the bundle's samples."""

    label: str
    """``palettize:4``, ``prune:0.5+quantize:8``; ``as it is`` for the package of the bundle."""
    steps: tuple[CoreMLCompression, ...]
    problem: str | None = None
    """Why there is no such package, or why its answers cannot be compared."""
    size_bytes: int = 0
    """Of the whole package."""
    compressed_weights: int = 0
    psnr_db: float | None = None
    """Of the worst output; None where both sides are equal, or where one is infinite or no number."""
    max_absolute_error: float | None = None
    max_relative_error: float | None = None
    seconds: float = 0.0
    """That the compression took."""
    run_seconds: float = 0.0
    """That reference execution took on all samples; it says nothing of a device."""
    is_good: bool = False
    """Whether the PSNR reaches the limit."""


class WeightSensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs to compress one weight, and nothing else."""

    weight: str
    """Name of its operation, for ``skip``."""
    module: str | None
    elements: int
    is_compressed: bool = False
    psnr_db: float | None = None
    problem: str | None = None


class CompressionReport(Result, frozen=True, kw_only=True, tag="compression"):
    """Choices of compression side by side."""

    bundle: str
    trials: tuple[CompressionTrial, ...]
    """The package as it is, then each choice in the order asked for."""
    limit_db: float
    """The least PSNR that counts as good."""
    samples: int
    smallest_good: str | None
    """Label of the smallest package that is good."""
    layers_of: str | None = None
    layers: tuple[WeightSensitivity, ...] = ()
    """The most sensitive weight first; of many weights, the largest only."""
    recipe: Recipe
    """Of the bundle."""


class GraphResult(Result, frozen=True, kw_only=True, tag="graph"):
    """The graph of a file; ``other`` and ``diff`` where two files were compared."""

    file: str
    graph: Graph
    other: Graph | None = None
    diff: GraphDiff | None = None
    has_shapes: bool = True
    """Whether the shapes that a file does not keep were looked for."""


class OperationTime(msgspec.Struct, frozen=True, array_like=True):
    """What an operation took in one run of the model: the median of several runs."""

    seconds: float
    """Of all its turns together."""
    turns: int


class TimesResult(Result, frozen=True, kw_only=True, tag="times"):
    """Each operation timed in real runs on this machine's processor, which says little of another one."""

    file: str
    graph: Graph
    """With the shapes of the run, where the file itself does not tell them."""
    times: dict[str, OperationTime]
    """By id of the node; what did not run for these inputs is not in it."""
    runs: int
    """That were timed, behind one that was not."""
    inputs: str
    """Which inputs they were, for people."""
    threads: int
    """That torch was allowed."""


AnyResult = (
    Advice
    | BundleCheck
    | CompressionReport
    | ExportResult
    | GraphResult
    | Inspection
    | PackageDescription
    | PackageRun
    | TextsResult
    | TimesResult
)

JsonObject = dict[str, Any]
