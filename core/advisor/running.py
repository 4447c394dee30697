"""Runs of the model and of what was compiled of it, under equal conditions: seeds, state, no gradients."""

import contextlib
import copy
import dataclasses
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..checks.compare import Unlike, compare
from ..checks.verdict import first_line
from ..inputs.nested import copy_tensors, flatten
from ..model_file.loading import LoadedModel
from ..torchscript import kept_state
from ..torchscript.compile import CompiledEntry
from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference
from .probes import Probe, tensors_of
from .provenance import Provenance
from .recorder import Leak, Limits, Pins, Recorder, RunStopped
from .state import generators, seed_all, state_kept


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run gave: an output, or the reason why there is none."""

    output: Any = None
    problem: str | None = None
    leaks: tuple[Leak, ...] = ()
    is_stopped: bool = False
    is_random: bool = False
    """Whether the run drew random numbers, where it was watched for that."""


@dataclass(kw_only=True)
class Subject:
    """The user's model, run without lasting effects."""

    loaded: LoadedModel
    checkpoint: Callable[[], None] = lambda: None
    changing: tuple[str, ...] = ()
    """Buffers (paths) that a run changes: what they hold is data."""
    seconds: float = 20.0
    paths: dict[int, str] = field(init=False)
    runs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        root = self.loaded.module
        self.paths = {} if root is None else {id(module): path for path, module in root.named_modules()}

    def run(
        self,
        probe: Probe,
        *,
        pins: Pins | None = None,
        with_provenance: bool = False,
        seed: int | None = None,
        keeps_state: bool = True,
        watches_draws: bool = False,
    ) -> Outcome:
        """Run the model on a probe and record what leaves torch; a run that takes too long is stopped."""
        arguments = fresh(probe.arguments)
        provenance = Provenance(tensors_of(arguments), self.changing_buffers()) if with_provenance else None
        recorder = Recorder(
            self.paths,
            provenance=provenance,
            pins=pins,
            limits=Limits(seconds=self.seconds),
            checkpoint=self.checkpoint,
        )
        self.runs += 1
        kept = state_kept(self.loaded.module) if keeps_state else contextlib.nullcontext()
        try:
            with inference(), kept, _unwarned():
                seed_all(probe.seed if seed is None else seed)
                before = generators() if watches_draws else None
                with recorder:
                    output = self.loaded.callable(probe.method)(*arguments.positional, **arguments.keyword)
                is_random = watches_draws and generators() != before
                output = copy_tensors(output)
        except RunStopped as stopped:
            return Outcome(problem=str(stopped), leaks=tuple(recorder.leaks), is_stopped=True)
        except Exception as error:
            return Outcome(problem=_in_words(error), leaks=tuple(recorder.leaks))
        return Outcome(output=output, leaks=tuple(recorder.leaks), is_random=is_random)

    def changing_buffers(self) -> list[torch.Tensor]:
        """Return the buffers that runs change."""
        if self.loaded.module is None:
            return []
        buffers = dict(self.loaded.module.named_buffers())
        return [buffers[path] for path in self.changing if path in buffers]


def run_compiled(
    entry: CompiledEntry,
    probe: Probe,
    *,
    is_stateful: bool = False,
    keeps_state: bool = True,
    generator: torch.Tensor | None = None,
) -> Outcome:
    """Run what was compiled on a probe, without the optimiser: it would cost more than it gives in a few runs.

    Args:
        is_stateful: whether the model's runs change it; then a copy is run, since the numbers and lists of a scripted
            module cannot be put back.
        keeps_state: whether buffers are afterwards as before.
        generator: state of torch's generator to start from, instead of the probe's seed.
    """
    compiled = copy.deepcopy(entry.compiled) if is_stateful else entry.compiled
    module = compiled if isinstance(compiled, torch.nn.Module) and keeps_state else None
    target: Any = compiled if probe.method == "forward" else getattr(compiled, probe.method)
    try:
        arguments = entry.arguments(probe.method, fresh(probe.arguments))
        with inference(), kept_state.state_kept(module), _unoptimized(), _unwarned():
            seed_all(probe.seed)
            if generator is not None:
                torch.set_rng_state(generator)
            return Outcome(output=copy_tensors(target(*arguments.positional, **arguments.keyword)))
    except Exception as error:
        return Outcome(problem=_in_words(error))


def _in_words(error: Exception) -> str:
    # An error raised inside of TorchScript says its type already.
    name, line = type(error).__name__, first_line(error)
    return line if line.startswith(f"{name}: ") else f"{name}: {line}"


def run_in_a_row(subject: Subject, entry: CompiledEntry, probes: Sequence[Probe]) -> Iterator[tuple[Outcome, Outcome]]:
    """Call the model and what was compiled of it with probe after probe, and let both keep what they remember."""
    entry = dataclasses.replace(entry, compiled=copy.deepcopy(entry.compiled))
    with state_kept(subject.loaded.module):
        for probe in probes:
            expected = subject.run(probe, keeps_state=False)
            yield run_compiled(entry, probe, keeps_state=False), expected


def difference(actual: Outcome, expected: Outcome, tolerance: float) -> str | None:
    """Say how a run differs from the model's own, in words; None where it does not.

    A probe on which the model itself fails says nothing.
    """
    if expected.problem is not None:
        return None
    if actual.problem is not None:
        return f"it fails: {actual.problem}"
    return outputs_differ(actual.output, expected.output, tolerance)


def outputs_differ(actual: Any, expected: Any, tolerance: float) -> str | None:
    """Say how two outputs differ, in words; None where they agree."""
    try:
        found = compare(actual, expected)
    except Unlike as unlike:
        return str(unlike)
    if found.relative <= tolerance:
        return None
    return f"{found.output} is off by up to {found.absolute:.4g} (relative {found.relative:.2g})"


def summary_of(output: Any) -> str:
    """Return an output in a few numbers, as evidence to look at."""
    parts = []
    for path, tensor in flatten(output)[:3]:
        shape = "×".join(map(str, tensor.shape)) or "scalar"
        values = tensor.detach().cpu().flatten()[:4].tolist()
        shown = ", ".join(f"{value:.4g}" if isinstance(value, int | float) else str(value) for value in values)
        parts.append(f"{path} {shape} [{shown}{', …' if tensor.numel() > 4 else ''}]")
    return "; ".join(parts) or "nothing"


class Nowhere(io.TextIOBase):
    """A stream that forgets what is written."""

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Keep the warnings of some hundred runs to ourselves; the one run that is the user's has told them already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _unoptimized() -> contextlib.AbstractContextManager[None]:
    execution: Any = torch.jit
    found: contextlib.AbstractContextManager[None] = execution.optimized_execution(False)
    return found
