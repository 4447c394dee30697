"""What the client wishes from the worker: imperative, one job each."""

import msgspec

from .recipe.model import CoreMLCompression, Input, Recipe


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of the closed union ``AnyRequest``."""


class Inspect(Request, frozen=True, kw_only=True):
    """Load the model (this runs the user's file) and describe it."""

    job: int
    recipe: Recipe
    folder: str
    """Absolute; paths in the recipe are relative to it."""


class Export(Request, frozen=True, kw_only=True):
    """Run the whole pipeline; the bundle goes to ``out``."""

    job: int
    recipe: Recipe
    folder: str
    out: str
    """Absolute folder of the bundle; empty, absent or an earlier bundle."""
    staging: str
    """Absolute folder, beside ``out``, in which files are made; whoever asked removes it if the worker dies."""


class Advise(Request, frozen=True, kw_only=True):
    """Find the smallest set of submodules to script, and verify it."""

    job: int
    recipe: Recipe
    folder: str
    measures_envelope: bool = False
    """Whether to find out how far the compiled model agrees: over batch, dimensions, scale and dtype."""
    probes_folder: str | None = None
    """Absolute folder for the inputs that show a culprit, as ``.npz``; None keeps none."""


class ShowTexts(Request, frozen=True, kw_only=True):
    """Read the textual views of a ``.pt`` file."""

    job: int
    file: str


class RunPackage(Request, frozen=True, kw_only=True):
    """Run a Core ML package on arrays from files."""

    job: int
    package: str
    inputs: dict[str, str] = {}
    """Name of an input to the file that it is read from, absolute: ``.npy``, ``.npz`` or a picture."""
    output: str | None = None
    """Absolute path of an ``.npz`` (or, for a single output, ``.npy``)."""
    function: str | None = None
    precision: str = "program"
    intermediates: tuple[str, ...] = ()
    """Values to keep besides the outputs; ``all`` is every one."""
    steps: int = 1
    lists_unsupported: bool = False
    """Run nothing; tell which operations could not be."""


class DescribePackage(Request, frozen=True, kw_only=True):
    """Read what a Core ML package takes, gives and is made of; nothing is run."""

    job: int
    package: str
    """Absolute."""


class CheckBundle(Request, frozen=True, kw_only=True):
    """Verify a bundle: checksums, and numbers on its samples."""

    job: int
    bundle: str


class TryCompression(Request, frozen=True, kw_only=True):
    """Compress the package of a bundle in several ways, and compare each with the model on the bundle's samples."""

    job: int
    bundle: str
    """Absolute."""
    choices: tuple[tuple[CoreMLCompression, ...], ...] = ()
    """Each a list of steps, applied in order; none tries what is usual for the deployment target."""
    layers_of: tuple[CoreMLCompression, ...] = ()
    """Steps for which to measure every weight on its own; none measures none."""


class ReadGraph(Request, frozen=True, kw_only=True):
    """Read the graph of a ``.pt`` file or a Core ML package."""

    job: int
    file: str
    """Absolute."""
    other: str | None = None
    """A second file, absolute, to compare the first with."""
    is_folded: bool = True
    """Constants, list building and attribute access are no nodes of their own."""
    has_shapes: bool = True
    """Find the shapes that a ``.pt`` does not keep; a first picture is there sooner without them."""
    inputs: tuple[Input, ...] = ()
    """What ``forward`` of a ``.pt`` is called with; none takes what the file says."""


class MeasureTimes(Request, frozen=True, kw_only=True):
    """Run a ``.pt`` file or a Core ML package several times on this machine, and time each of its operations."""

    job: int
    file: str
    """Absolute."""
    inputs: tuple[Input, ...] = ()
    """By the names that the file gives its inputs; none takes a sample of the bundle, or inputs as the file tells."""
    folder: str = ""
    """Absolute; files of inputs are relative to it."""


class Cancel(Request, frozen=True, kw_only=True):
    """End this job at its next checkpoint."""

    job: int


JobRequest = (
    Advise
    | CheckBundle
    | DescribePackage
    | Export
    | Inspect
    | MeasureTimes
    | ReadGraph
    | RunPackage
    | ShowTexts
    | TryCompression
)
AnyRequest = JobRequest | Cancel
