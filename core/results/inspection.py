"""What a model file offers, and the module tree of one entry."""

import msgspec

from ..diagnostics import Diagnostic
from ..recipe.model import Dimension
from .result import Result


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
