"""The user's model run as if it were rounded, to learn what rounding alone may change.

A program in float16 differs from the model in ways that are nobody's fault: its constants are stored in half precision,
and so is every value in between. How much that matters depends on the model (cancellation, depth, scale), so it is
measured on the model itself, never on the program that is being judged.
"""

import enum
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from ..inputs.binding import Arguments
from ..inputs.nested import flatten
from ..model_file.loading import LoadedModel
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept

LARGEST_HALF = 65504.0
SMALLEST_NORMAL_HALF = 2.0**-14
SMALLEST_HALF = 2.0**-24
_SINGLE_STEP = 2.0**-23
_REMEMBERED_BYTES = 2**26
"""Of rounded constants: loops read theirs again and again, large weights are mostly read once."""


class Rounds(enum.Enum):
    """What of a model is rounded."""

    CONSTANTS = "weights and constants to float16"
    EVERYTHING = "weights, constants and every intermediate value to float16"
    SINGLE = "every intermediate value to a float32 neighbour chosen at random"


def run_rounded(loaded: LoadedModel, method: str, arguments: Arguments, rounds: Rounds, seed: int = 0) -> Any:
    """Return what the eager model gives when it is rounded; the model itself is not changed."""
    arguments = fresh(arguments)
    with state_kept(loaded.module), inference(), rounding(rounds, [arguments], seed):
        return loaded.callable(method)(*arguments.positional, **arguments.keyword)


def rounding(rounds: Rounds | None, calls: Sequence[Arguments], seed: int = 0) -> AbstractContextManager[Any]:
    """Return a context in which torch rounds; with None it does not.

    Args:
        calls: the arguments that the model will be called with there, which are no constants.
    """
    if rounds is None:
        return nullcontext()
    values = [value for call in calls for value in (*call.positional, *call.keyword.values())]
    return _RoundingMode(rounds, [tensor for _, tensor in flatten(values)], seed)


class _RoundingMode(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type its modes
    """Rounds what operations read and write; what the model holds (parameters, buffers) is rounded as it is read.

    A view of a constant is a constant still: rounding it when it is made would cut the tie to the buffer that a later
    write through the view must reach.
    """

    def __init__(self, rounds: Rounds, given: list[Tensor], seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._rounds = rounds
        # Weak, so that no value outlives its last reader.
        self._computed: Any = WeakTensorKeyDictionary(dict.fromkeys(given, True))
        self._constants: Any = WeakTensorKeyDictionary()
        self._remembered_bytes = 0
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        keywords = dict(kwargs or {})
        arguments = func._schema.arguments
        is_view = _is_view(func._schema)
        if not is_view and self._rounds is not Rounds.SINGLE:
            named = {argument.name: argument for argument in arguments}
            args = tuple(
                self._read(value, argument) for value, argument in zip(args, arguments[: len(args)], strict=True)
            )
            keywords = {name: self._read(value, named[name]) for name, value in keywords.items()}
        made = func(*args, **keywords)
        if is_view and any(value not in self._computed for value in args if isinstance(value, Tensor)):
            return made
        return self._written(made, func._schema)

    def _read(self, value: Any, argument: Any) -> Any:
        is_written = argument.alias_info is not None and argument.alias_info.is_write
        if is_written:
            return value
        if isinstance(value, float):
            return self._scalar(value)
        if isinstance(value, Tensor):
            return self._constant(value)
        if isinstance(value, list | tuple):
            return type(value)(self._constant(item) if isinstance(item, Tensor) else item for item in value)
        return value

    def _scalar(self, value: float) -> float:
        rounded = float(torch.tensor(value, dtype=torch.float64).half())
        if value == 0 or abs(value) > LARGEST_HALF:
            return value
        # coremltools keeps a small epsilon from becoming zero.
        return rounded if rounded else (1e-7 if value > 0 else -1e-7)

    def _constant(self, value: Tensor) -> Tensor:
        if value in self._computed or value.dtype not in (torch.float32, torch.float64):
            return value
        if value in self._constants:
            return cast(Tensor, self._constants[value])
        rounded = self._half(value)
        self._remembered_bytes += rounded.nbytes
        if self._remembered_bytes <= _REMEMBERED_BYTES:
            self._constants[value] = rounded
        return rounded

    def _half(self, value: Tensor) -> Tensor:
        rounded = value.half().to(value.dtype)
        # A constant beyond the range of float16 keeps its operation in float32.
        return torch.where(value.abs() > LARGEST_HALF, value, rounded)

    def _written(self, made: Any, schema: Any) -> Any:
        if isinstance(made, Tensor):
            return self._result(made, schema)
        if isinstance(made, list | tuple):
            return type(made)(self._result(item, schema) if isinstance(item, Tensor) else item for item in made)
        return made

    def _result(self, made: Tensor, schema: Any) -> Tensor:
        if made.dtype in (torch.float32, torch.float64) and not _is_view(schema):
            rounded = self._rounded_result(made)
            made = made.copy_(rounded) if schema.is_mutable else rounded
        self._computed[made] = True
        return made

    def _rounded_result(self, made: Tensor) -> Tensor:
        if self._rounds is Rounds.EVERYTHING:
            return made.half().to(made.dtype)
        if self._rounds is not Rounds.SINGLE:
            return made
        noise = torch.rand(made.shape, generator=self._generator, dtype=torch.float64).to(made.device) - 0.5
        return (made.double() * (1 + _SINGLE_STEP * noise)).to(made.dtype)


def _is_view(schema: Any) -> bool:
    """Whether an operation returns its input under another shape, and writes nothing."""
    return not schema.is_mutable and any(result.alias_info is not None for result in schema.returns)
