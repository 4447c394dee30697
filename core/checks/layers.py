"""Errors layer by layer: what each submodule gives, beside the value of the Core ML program that stands for it.

Both sides run once for each batch of layers whose values fit into a fixed amount of memory; they are never all held.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..inputs.nested import flatten
from ..job_context import JobContext
from ..mil.precision import LARGEST_HALF, SMALLEST_NORMAL_HALF
from ..model_file.module_tree import module_rows
from ..results import LayerError, ModuleRow
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference, state_kept
from .compare import Comparison, Unlike, compare_tensors
from .module_values import ProgramValue, fits, values_of_modules
from .package_runs import PackageRuns

BATCH_BYTES = 256 * 2**20
"""Values of the program that are held while the model runs beside it."""
_ZERO_HALF = 2.0**-25
"""What is smaller becomes zero in half precision."""


@dataclass(frozen=True)
class _Output:
    """One tensor that one call of one module returned."""

    path: str
    call: int
    place: int
    shape: tuple[int, ...]
    size_bytes: int


@dataclass(frozen=True)
class _Match:
    output: _Output
    value: ProgramValue
    turn: int
    """Which of the times that the program makes the value."""


def layer_errors(runs: PackageRuns, probe: int, context: JobContext) -> tuple[LayerError, ...]:
    """Compare each module's output on one probe; rows are in the order in which the modules end their work.

    Modules without a value of their own in the program have no row, and so has a model that is TorchScript already.

    Raises:
        ExportDeskError: where the program cannot be run.
    """
    root = runs.loaded.module
    if root is None or runs.loaded.is_script:
        return ()
    precisions = ("float32",) if runs.options.precision == "float32" else ("program", "float32")
    models = {precision: runs.model(precision) for precision in precisions}
    rows = {row.path: row for row in module_rows(root)}
    values = values_of_modules(next(iter(models.values())).body, tuple(rows))
    matches = _matches(_outputs(runs, probe), values)
    found: list[LayerError] = []
    for batch in _batches(matches):
        context.progress(len(found) / len(matches), "comparing layer by layer")
        made = {precision: _program_values(runs, model, probe, batch, context) for precision, model in models.items()}
        found += _compared(runs, probe, batch, made, rows)
    return tuple(found)


def _outputs(runs: PackageRuns, probe: int) -> list[_Output]:
    """Run the model and note which tensors its modules return."""
    found: list[_Output] = []

    def note(path: str, call: int, place: int, tensor: torch.Tensor) -> None:
        found.append(_Output(path, call, place, tuple(tensor.shape), tensor.numel() * 4))

    _run_watched(runs, probe, note)
    return found


def _run_watched(runs: PackageRuns, probe: int, note: Callable[[str, int, int, torch.Tensor], None]) -> None:
    """Run the model; ``note`` gets path, number of the call, place among the outputs, and tensor."""
    assert runs.loaded.module is not None
    arguments = fresh(runs.probes[probe].arguments)
    with state_kept(runs.loaded.module), inference(), _hooked(runs.loaded.module, note):
        runs.loaded.callable(runs.method)(*arguments.positional, **arguments.keyword)


@contextmanager
def _hooked(root: torch.nn.Module, note: Callable[[str, int, int, torch.Tensor], None]) -> Iterator[None]:
    calls: dict[str, int] = {}

    def hook(path: str) -> Callable[[Any, Any, Any], None]:
        def on_output(module: Any, inputs: Any, output: Any) -> None:
            call = calls.get(path, 0)
            calls[path] = call + 1
            for place, (_, tensor) in enumerate(flatten(output)):
                if tensor.is_floating_point():
                    note(path, call, place, tensor.detach())

        return on_output

    handles = [
        module.register_forward_hook(hook(path))
        for path, module in root.named_modules()
        if not isinstance(module, torch.jit.ScriptModule)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _matches(outputs: Sequence[_Output], values: Mapping[str, tuple[ProgramValue, ...]]) -> list[_Match]:
    calls: dict[tuple[str, int], list[_Output]] = {}
    for output in outputs:
        calls.setdefault((output.path, output.place), []).append(output)
    chosen: dict[_Output, _Match] = {}
    for (path, place), group in calls.items():
        fitting = [value for value in values.get(path, ()) if fits(value, group[0].shape)]
        places = len([key for key in calls if key[0] == path])
        if places > 1:
            # Several outputs of one shape come in the order in which the module returns them.
            alike = [key for key in calls if key[0] == path and calls[key][0].shape == group[0].shape]
            if len(fitting) != len(alike) or len(group) > 1:
                continue
            chosen[group[0]] = _Match(group[0], fitting[alike.index((path, place))], 0)
        elif len(group) == 1 and fitting:
            chosen[group[0]] = _Match(group[0], fitting[-1], 0)
        elif len(fitting) == len(group):
            chosen |= {output: _Match(output, value, 0) for output, value in zip(group, fitting, strict=True)}
        elif len(fitting) == 1:
            chosen |= {output: _Match(output, fitting[0], output.call) for output in group}
    return [chosen[output] for output in outputs if output in chosen]


def _batches(matches: Sequence[_Match]) -> Iterator[list[_Match]]:
    batch: list[_Match] = []
    size = 0
    for match in matches:
        if batch and size + match.output.size_bytes > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(match)
        size += match.output.size_bytes
    if batch:
        yield batch


def _program_values(
    runs: PackageRuns, model: Any, probe: int, batch: Sequence[_Match], context: JobContext
) -> dict[tuple[str, int], torch.Tensor]:
    wanted = {(match.value.name, match.turn) for match in batch}
    names = {name for name, _ in wanted}
    turns: dict[str, int] = {}
    found: dict[tuple[str, int], torch.Tensor] = {}

    def observe(name: str, array: np.ndarray[Any, Any]) -> None:
        if name not in names:
            return
        turn = turns.get(name, 0)
        turns[name] = turn + 1
        if (name, turn) in wanted:
            found[name, turn] = torch.from_numpy(np.array(array))

    runs.outputs(model, probe, observe)
    context.checkpoint()
    return found


def _compared(
    runs: PackageRuns,
    probe: int,
    batch: Sequence[_Match],
    made: Mapping[str, Mapping[tuple[str, int], torch.Tensor]],
    rows: Mapping[str, ModuleRow],
) -> list[LayerError]:
    wanted = {(match.output.path, match.output.call, match.output.place): match for match in batch}
    found: list[LayerError] = []

    def note(path: str, call: int, place: int, tensor: torch.Tensor) -> None:
        match = wanted.get((path, call, place))
        if match is not None:
            key = (match.value.name, match.turn)
            both = {name: values[key] for name, values in made.items() if key in values}
            if both:
                found.append(_layer_error(match, rows[path], tensor, both))

    _run_watched(runs, probe, note)
    return found


def _layer_error(match: _Match, row: ModuleRow, tensor: torch.Tensor, made: Mapping[str, torch.Tensor]) -> LayerError:
    errors = {name: _compare(row.path, value, tensor) for name, value in made.items()}
    single = errors["float32"]
    own = errors.get("program", single)
    size = tensor.abs().double()
    size = size[size.isfinite()]
    nonzero = size[size > 0]
    return LayerError(
        module=row.path,
        type_name=row.type_name,
        call=match.output.call,
        value=match.value.name,
        operation=match.value.operation,
        file=row.file,
        line=row.line,
        max_absolute_error=_number(own.absolute),
        max_relative_error=_number(own.relative),
        psnr_db=_number(own.psnr_db),
        float32_relative_error=_number(single.relative),
        float32_psnr_db=_number(single.psnr_db),
        largest=float(size.max()) if size.numel() else 0.0,
        smallest=float(nonzero.min()) if nonzero.numel() else 0.0,
        overflowing=int((tensor.abs() > LARGEST_HALF).sum()),
        subnormal=int((nonzero < SMALLEST_NORMAL_HALF).sum()),
        underflowing=int((nonzero < _ZERO_HALF).sum()),
        elements=tensor.numel(),
    )


def _compare(path: str, value: torch.Tensor, tensor: torch.Tensor) -> Comparison:
    try:
        return compare_tensors(path, value.reshape(tensor.shape), tensor)
    except (Unlike, RuntimeError):
        # Not a number on one side only, or another number of elements than the program declares.
        return Comparison(output=path, absolute=math.inf, relative=math.inf, psnr_db=-math.inf)


def _number(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
