"""The recipe as frozen data; its TOML form is in ``document``."""

import math
from typing import Any, Literal, get_args

import msgspec

FORMAT_VERSION = 1

Mark = Literal["trace", "script"]
DtypeName = Literal[
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
    "complex128",
]
FillName = Literal["normal", "uniform", "zeros", "ones", "arange", "randint"]
InputKind = Literal["tensor", "tuple", "list", "dict", "value"]
Precision = Literal["float16", "float32"]
ConvertTo = Literal["mlprogram", "neuralnetwork"]
Lane = Literal["torchscript", "torch.export"]
ComputeUnits = Literal["all", "cpu_only", "cpu_and_gpu", "cpu_and_ne"]
ImageLayout = Literal["rgb", "bgr", "grayscale", "grayscale_float16"]
CoreMLDtype = Literal["float16", "float32", "int32", "int8"]
DeploymentTarget = Literal[
    "iOS13",
    "iOS14",
    "iOS15",
    "iOS16",
    "iOS17",
    "iOS18",
    "iOS26",
    "macOS10.15",
    "macOS11",
    "macOS12",
    "macOS13",
    "macOS14",
    "macOS15",
    "macOS26",
    "watchOS6",
    "watchOS7",
    "watchOS8",
    "watchOS9",
    "watchOS10",
    "watchOS11",
    "watchOS26",
    "tvOS13",
    "tvOS14",
    "tvOS15",
    "tvOS16",
    "tvOS17",
    "tvOS18",
    "tvOS26",
    "visionOS1",
    "visionOS2",
    "visionOS26",
]

LARGEST_SIZE = 2**40
"""Of a dimension, in elements: more than any tensor has, and small enough to be multiplied."""
_INTEGERS = range(-(2**63), 2**63)
"""What TOML, and the messages to the worker, can carry."""
_LONGEST_NAME = 255

DTYPES: tuple[str, ...] = get_args(DtypeName)
FILLS: tuple[str, ...] = get_args(FillName)
TARGETS: tuple[str, ...] = get_args(DeploymentTarget)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a recipe: frozen, and no key is accepted that nothing reads."""


class RangeDimension(Part, frozen=True, kw_only=True):
    """A dimension that the app may choose between ``min`` and ``max``, both included."""

    min: int
    max: int
    default: int | None = None
    """The size used to make the export; ``min`` where it is not given."""

    def __post_init__(self) -> None:
        if self.min < 1:
            raise ValueError(f"min is {self.min}, and a dimension is at least 1")
        if self.max > LARGEST_SIZE:
            raise ValueError(f"max is larger than any tensor ({LARGEST_SIZE})")
        if self.max < self.min:
            raise ValueError(f"max ({self.max}) is below min ({self.min})")
        if self.default is not None and not self.min <= self.default <= self.max:
            raise ValueError(f"default ({self.default}) is not between {self.min} and {self.max}")


def _check_path(key: str, path: str) -> None:
    if "\0" in path or any(len(part.encode()) > _LONGEST_NAME for part in path.replace("\\", "/").split("/")):
        raise ValueError(f"{key} is not a path that a file can have")


def _check_integers(value: Any) -> None:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case int() as number if number not in _INTEGERS:
                raise ValueError("a number of [model] arguments is too large: integers have 64 bits")
            case list() | tuple() as members:
                waiting += members
            case dict() as table:
                waiting += table.values()


Dimension = int | RangeDimension | tuple[int, ...]
"""One size, a range, or an enumeration whose first member is the default."""


def default_size(dimension: Dimension) -> int:
    """Return the size used to make the export."""
    match dimension:
        case RangeDimension():
            return dimension.min if dimension.default is None else dimension.default
        case tuple():
            return dimension[0]
        case _:
            return dimension


class FileFill(Part, frozen=True, kw_only=True):
    """Values read from a file, relative to the recipe."""

    file: str

    def __post_init__(self) -> None:
        _check_path("file", self.file)


class Input(Part, frozen=True, kw_only=True):
    """One argument of the entry: a tensor, or a container whose ``items`` are inputs themselves."""

    name: str = ""
    """Argument name; key of a dict; ignored for members of a list or tuple."""
    shape: tuple[Dimension, ...] | None = None
    """``()`` is a zero-dimensional tensor; None takes the shape from the file."""
    dtype: DtypeName = "float32"
    fill: FillName | FileFill | None = None
    """None: normal for floating types, randint for integers and booleans."""
    low: float | None = None
    """Lower bound of ``uniform`` and ``randint``, included."""
    high: float | None = None
    """Upper bound of ``uniform`` and ``randint``, excluded."""
    kind: InputKind = "tensor"
    items: tuple["Input", ...] = ()
    value: bool | int | float | str | None = None
    """The argument itself where ``kind`` is ``value``: a Python number, text, truth value or (left out) None."""
    method: str | None = None
    """The method this input belongs to, where an entry exports several."""

    def __post_init__(self) -> None:
        if self.kind == "tensor" and self.shape is None and not isinstance(self.fill, FileFill):
            raise ValueError(f"input {self.name!r} needs a shape, or a file to take it from")
        if self.kind != "tensor" and self.shape is not None:
            raise ValueError(f"input {self.name!r} is a {self.kind} and has no shape of its own; its items have")
        if self.items and self.kind not in ("tuple", "list", "dict"):
            raise ValueError(f"input {self.name!r} has items, so its kind must be tuple, list or dict")
        for dimension in self.shape or ():
            sizes = dimension if isinstance(dimension, tuple) else (default_size(dimension),)
            if not sizes:
                raise ValueError(f"input {self.name!r} has a dimension with an empty list of sizes")
            if min(sizes) < 0:
                raise ValueError(f"input {self.name!r} has a negative size ({min(sizes)})")
            if max(sizes) > LARGEST_SIZE:
                raise ValueError(f"input {self.name!r} has a size larger than any tensor ({LARGEST_SIZE})")
        if isinstance(self.value, int) and self.value not in _INTEGERS:
            raise ValueError(f"input {self.name!r} has a value that is too large: integers have 64 bits")
        if not all(math.isfinite(bound) for bound in (self.low, self.high) if bound is not None):
            raise ValueError(f"input {self.name!r}: low and high are finite numbers")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"input {self.name!r}: low ({self.low:g}) is not below high ({self.high:g})")

    @property
    def default_shape(self) -> tuple[int, ...] | None:
        return None if self.shape is None else tuple(default_size(dimension) for dimension in self.shape)

    @property
    def is_flexible(self) -> bool:
        return any(not isinstance(dimension, int) for dimension in self.shape or ())


class Model(Part, frozen=True, kw_only=True):
    """Which model, and how it is made."""

    file: str
    """A Python file, or a ``.pt``; relative to the recipe."""
    entry: str = ""
    """A class, factory, function, instance, or ``net.method``; empty where the file has only one."""
    arguments: dict[str, Any] = {}
    """Arguments of the constructor or factory, by name."""
    methods: tuple[str, ...] = ()
    """Several methods of the model to export together; empty means ``forward``."""
    weights: str | None = None
    weights_strict: bool = True
    mode: Literal["eval", "train"] = "eval"
    device: str = "cpu"

    def __post_init__(self) -> None:
        kind, _, index = self.device.partition(":")
        if kind not in ("cpu", "cuda", "mps") or (index and not index.isdigit()):
            raise ValueError(f"device is {self.device!r}; it is cpu, cuda, cuda:N or mps")
        _check_path("file", self.file)
        if self.weights is not None:
            _check_path("weights", self.weights)
        _check_integers(self.arguments)


class CheckInputs(Part, frozen=True, kw_only=True):
    """One more call on which a trace is checked: inputs of other values or sizes than the example's."""

    name: str = ""
    """What it is called in reports."""
    inputs: tuple[Input, ...]
    """The inputs that differ; the others are as in the example."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise ValueError("a row of check_inputs has no inputs")
        if any(not item.name for item in self.inputs):
            raise ValueError("an input of check_inputs has no name")


class TorchScript(Part, frozen=True, kw_only=True):
    """Options of torch's tracer."""

    check_trace: bool = True
    """Trace twice and compare; off saves time, and ExportDesk's own probes still compare with eager."""
    check_tolerance: float = 1e-5
    """Largest relative error, against the largest value of the output, that a check lets pass."""
    strict: bool = True
    """False lets containers (dicts, lists) be recorded as outputs, with their structure frozen."""
    check_inputs: tuple[CheckInputs, ...] = ()
    """Further calls on which torch checks the trace, and on which the file is compared with the model."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.check_tolerance) and self.check_tolerance >= 0):
            raise ValueError("check_tolerance is a finite number, zero or more")


class CoreMLImage(Part, frozen=True, kw_only=True, omit_defaults=True):
    """An input that the app gives as a picture, and how the model was trained to see its pixels."""

    layout: ImageLayout = "rgb"
    mean: tuple[float, ...] = ()
    """One number, or one a channel, in units of ``white``; the model sees (pixel - mean) / std. Empty is 0."""
    std: tuple[float, ...] = ()
    """One number, or one a channel, in units of ``white``; empty is 1."""
    white: float = 1.0
    """What the brightest pixel (255) is in the units of ``mean`` and ``std``: usually 1, sometimes 255."""
    exact: bool = False
    """True puts mean and std into the program, exact for each channel; Core ML's own scaling has one scale for all."""

    def __post_init__(self) -> None:
        channels = 1 if self.layout.startswith("grayscale") else 3
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (0, 1, channels):
                raise ValueError(f"{name} has {len(values)} numbers; a {self.layout} image takes 1 or {channels}")
            if not all(math.isfinite(value) for value in values):
                raise ValueError(f"{name} has a number that is not finite")
        if not all(value > 0 for value in self.std):
            raise ValueError("std is above zero")
        if not (math.isfinite(self.white) and self.white > 0):
            raise ValueError("white is above zero")


class CoreMLInput(Part, frozen=True, kw_only=True, omit_defaults=True):
    """How the app gives one input."""

    dtype: CoreMLDtype | None = None
    """None follows the precision: float16 for a float16 program from iOS 16 on, else float32; integers are int32."""
    image: CoreMLImage | None = None
    default: float | None = None
    """Value of every element where the app leaves the input out; None makes it required."""


class CoreMLOutput(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One output, in the order in which the model returns them (nested ones flattened)."""

    name: str
    dtype: CoreMLDtype | None = None
    """None follows the precision, as for inputs."""
    image: ImageLayout | None = None
    """Hand the output over as a picture; the model returns 1 x channels x height x width with values 0 to 255."""
    keep: bool = True
    """False leaves the output out of the Core ML model, with all that only it needs."""


class CoreMLClassifier(Part, frozen=True, kw_only=True, omit_defaults=True):
    """Make a classifier: the app gets a label, and a dictionary of label to probability."""

    labels: tuple[str, ...] = ()
    labels_file: str | None = None
    """A text file with a label a line, relative to the recipe; instead of ``labels``."""
    predicted: str = "classLabel"
    """Name of the output that holds the label."""
    probabilities: str | None = None
    """Name of the output with a number a class; None is the first."""

    def __post_init__(self) -> None:
        if bool(self.labels) == (self.labels_file is not None):
            raise ValueError("a classifier has either labels or a labels_file")


class CoreMLFunction(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One function of a package that has several (iOS 18): a method of the model, or a function of another package."""

    name: str
    """What the app calls it."""
    method: str | None = None
    """A method of the model; it is exported whether or not ``[model] methods`` names it."""
    package: str | None = None
    """An ``.mlpackage`` made before, relative to the recipe; instead of ``method``."""
    source: str = "main"
    """The function of that package."""
    outputs: tuple[CoreMLOutput, ...] = ()
    """Of the method, in the order in which it returns them."""

    def __post_init__(self) -> None:
        if (self.method is None) == (self.package is None):
            raise ValueError(f"the function {self.name!r} has either a method or a package")
        if self.package is not None:
            _check_path("package", self.package)
            if self.outputs:
                raise ValueError(f"the function {self.name!r} comes from a package, which has its outputs already")


class CoreMLMetadata(Part, frozen=True, kw_only=True, omit_defaults=True):
    """What is written into the package for the people who use it."""

    author: str = ""
    license: str = ""
    version: str = ""
    description: str = ""
    inputs: dict[str, str] = {}
    """Input name to description."""
    outputs: dict[str, str] = {}
    preview: str = ""
    """Xcode's preview type, such as ``imageSegmenter``, ``poseEstimation``, ``depthEstimation``."""
    user: dict[str, str] = {}
    """Keys of your own."""


class CoreMLCompression(Part, frozen=True, kw_only=True, omit_defaults=True):
    """One step that makes the weights smaller; several are applied in order (joint compression needs iOS 18)."""

    method: Literal["palettize", "quantize", "prune"]
    bits: int = 8
    """Palettize: 1, 2, 3, 4, 6 or 8 (a table of 2**bits values). Quantize: 8, or 4 (iOS 18)."""
    granularity: Literal["tensor", "channel", "block", "group"] = "channel"
    """Quantize: a scale for each tensor, channel or block (iOS 18). Palettize: a table a tensor or channel group."""
    size: int = 32
    """Elements in a block, channels in a group."""
    symmetric: bool = True
    """Quantize: zero stays zero."""
    sparsity: float = 0.5
    """Prune: the share of weights, smallest first, that become zero."""
    smallest: int = 2048
    """Weights with fewer elements stay as they are."""
    skip: tuple[str, ...] = ()
    """Names of operations, as in the Core ML graph, whose weights stay as they are."""

    def __post_init__(self) -> None:
        if self.method == "palettize" and self.bits not in (1, 2, 3, 4, 6, 8):
            raise ValueError("palettize takes bits = 1, 2, 3, 4, 6 or 8")
        if self.method == "quantize" and self.bits not in (4, 8):
            raise ValueError("quantize takes bits = 4 or 8")
        if self.method == "palettize" and self.granularity == "block":
            raise ValueError('palettize takes granularity = "tensor", "channel" or "group"')
        if self.method == "quantize" and self.granularity == "group":
            raise ValueError('quantize takes granularity = "tensor", "channel" or "block"')
        if not 0 < self.sparsity < 1:
            raise ValueError("sparsity is above 0 and below 1")
        if self.size < 1 or self.smallest < 0:
            raise ValueError("size is at least 1, and smallest at least 0")


class CoreML(Part, frozen=True, kw_only=True):
    """Options of the Core ML conversion."""

    enabled: bool = True
    minimum_deployment_target: DeploymentTarget = "iOS17"
    convert_to: ConvertTo = "mlprogram"
    precision: Precision = "float16"
    float32_operations: tuple[str, ...] = ()
    """Operations that stay in float32 in a float16 program: types (``softmax``), or single ones by the name of their
    value. What such an operation gives is read in float32, too; a named one that gives an output makes it float32."""
    compute_units: ComputeUnits = "all"
    inputs: dict[str, CoreMLInput] = {}
    """Input name to how the app gives it; an input that is not named here is a tensor."""
    outputs: tuple[CoreMLOutput, ...] = ()
    functions: tuple[CoreMLFunction, ...] = ()
    """Functions of a package that has several, the first of which is the default; none makes an ordinary package."""
    states: tuple[str, ...] = ()
    """Paths of the buffers that the model updates and Core ML keeps between calls (iOS 18)."""
    classifier: CoreMLClassifier | None = None
    compression: tuple[CoreMLCompression, ...] = ()
    metadata: CoreMLMetadata = CoreMLMetadata()


class Checks(Part, frozen=True, kw_only=True):
    """How the artefacts are compared with the eager model."""

    probes: int = 8
    """Number of random inputs."""
    seed: int = 0
    """Seed of the inputs, and of torch's generator before the model is made."""
    coreml_psnr_db: float | None = None
    """Peak signal-to-noise ratio that a float16 program must reach, in dB; None sets it from what rounding does to
    the model (60 dB for most models, never below 40)."""
    coreml_relative_error: float | None = None
    """Largest relative error of the program computed in float32; None sets it from what rounding does to the model."""
    layers: bool = False
    """Compare layer by layer and look at half precision also where every check passes."""

    def __post_init__(self) -> None:
        if not 1 <= self.probes <= 10_000:
            raise ValueError("probes is a number from 1 to 10000")
        if not 0 <= self.seed < 2**63:
            raise ValueError("seed is a whole number from 0 to 2**63 - 1")
        if self.coreml_psnr_db is not None and not 0 <= self.coreml_psnr_db <= 1000:
            raise ValueError("coreml_psnr_db is a number of dB from 0 to 1000")
        if self.coreml_relative_error is not None and not 0 <= self.coreml_relative_error <= 1:
            raise ValueError("coreml_relative_error is a number from 0 to 1")


class Acknowledgement(Part, frozen=True, kw_only=True):
    """A finding that a person has looked at and accepted; it comes back when the text of its line changes."""

    code: str
    module: str | None = None
    source: str | None = None
    """The text of the line, stripped; None for a finding without a line."""


class Recipe(Part, frozen=True, kw_only=True):
    """The whole document. Equal recipes on equal machines give equal artefacts."""

    exportdesk: int = FORMAT_VERSION
    lane: Lane = "torchscript"
    """What the model is exported with: ``torch.jit`` to a ``.pt``, as the marks say, or ``torch.export`` to a ``.pt2``,
    which knows no marks. Core ML is converted from either."""
    model: Model
    inputs: tuple[Input, ...] = ()
    marks: dict[str, Mark] = {}
    """Module path to mark; ``""`` is the model. A module without one inherits; the root is traced."""
    torchscript: TorchScript = TorchScript()
    coreml: CoreML = CoreML()
    checks: Checks = Checks()
    acknowledged: tuple[Acknowledgement, ...] = ()

    def __post_init__(self) -> None:
        if self.exportdesk != FORMAT_VERSION:
            raise ValueError(
                f"the recipe has format {self.exportdesk}, and this ExportDesk reads format {FORMAT_VERSION}"
            )
        seen = set()
        for item in self.inputs:
            if not item.name:
                raise ValueError("an input has no name")
            if (item.method, item.name) in seen:
                raise ValueError(f"there are two inputs called {item.name!r}")
            seen.add((item.method, item.name))
