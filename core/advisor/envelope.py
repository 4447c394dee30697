"""How far the compiled model agrees with the model itself: batch size, each ranged dimension, scale, dtype, device."""

import copy
import dataclasses
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import torch

from ..checks.compare import Unlike, compare
from ..inputs.binding import Binding
from ..job_context import JobContext
from ..recipe.model import Input, RangeDimension, default_size
from ..results import EnvelopePoint
from ..torchscript.compile import CompiledEntry
from .probes import Probe, Source, leaves_of, resized, tensors_of, with_tensors
from .running import Outcome, Subject, run_compiled

_BATCHES = (1, 2, 3, 4, 8)
_SCALES = (1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4)
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class _Point:
    axis: str
    value: str
    probe: Probe


def envelope_of(
    subject: Subject, compiled: CompiledEntry, source: Source, tolerance: float, context: JobContext
) -> tuple[EnvelopePoint, ...]:
    """Compare at each point of each axis; where the model itself does not run, the point says so."""
    points = [*_batches(source), *_dimensions(source), *_scales(source)]
    rows = []
    for index, point in enumerate(points):
        context.progress(index / len(points), f"{point.axis} = {point.value}")
        rows.append(_run(subject, compiled, point, tolerance))
    everywhere = (subject, compiled, source, tolerance)
    return (*rows, *_dtypes(*everywhere), *_devices(*everywhere))


def _run(subject: Subject, compiled: CompiledEntry, point: _Point, tolerance: float) -> EnvelopePoint:
    expected = subject.run(point.probe)
    if expected.problem is not None:
        reason = f"the model itself does not run: {expected.problem}"
        return EnvelopePoint(axis=point.axis, value=point.value, agrees=None, reason=reason)
    return _compared(point, run_compiled(compiled, point.probe), expected, tolerance)


def _devices(subject: Subject, compiled: CompiledEntry, source: Source, tolerance: float) -> Iterator[EnvelopePoint]:
    """Compare on each device of this machine; on one that it lacks, nothing is known."""
    own = torch.device(source.device).type
    for kind in ("cpu", "cuda", "mps"):
        if kind != own and not _has(kind):
            yield EnvelopePoint(axis="device", value=kind, agrees=None, reason="not run: this machine has none")
            continue
        if kind == own:
            there, moved, probe = subject, compiled, source.example()
        else:
            there, moved = _converted(subject, compiled, kind)
            probe = dataclasses.replace(source, device=kind).example()
        yield _run(there, moved, _Point("device", kind, probe), tolerance)


def _dtypes(subject: Subject, compiled: CompiledEntry, source: Source, tolerance: float) -> Iterator[EnvelopePoint]:
    """Compare in each type, both sides converted as wholes; a type that was baked in shows."""
    base = source.example()
    own = {tensor.dtype for tensor in tensors_of(base.arguments) if tensor.dtype.is_floating_point}
    for dtype in _DTYPES if own else ():
        tensors = [t.to(dtype) if t.dtype.is_floating_point else t for t in tensors_of(base.arguments)]
        point = _Point("dtype", str(dtype).removeprefix("torch."), _changed(base, tensors))
        there, moved = (subject, compiled) if own == {dtype} else _converted(subject, compiled, dtype)
        yield _run(there, moved, point, max(tolerance, 8 * torch.finfo(dtype).eps))


def _converted(subject: Subject, compiled: CompiledEntry, to: str | torch.dtype) -> tuple[Subject, CompiledEntry]:
    """Return copies of both sides on another device, or in another type; functions stay as they are."""
    root, made = subject.loaded.module, compiled.compiled
    if root is None or not isinstance(made, torch.nn.Module):
        return subject, compiled
    with torch.no_grad(), warnings.catch_warnings():
        # ``to`` asks each parameter for its gradient, and a frozen one of a script warns of that.
        warnings.simplefilter("ignore")
        module, script = copy.deepcopy(root).to(to), copy.deepcopy(made).to(to)
    there = Subject(
        loaded=dataclasses.replace(subject.loaded, module=module),
        checkpoint=subject.checkpoint,
        changing=subject.changing,
    )
    return there, dataclasses.replace(compiled, compiled=script)


def _has(kind: str) -> bool:
    return kind == "cpu" or (torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available())


def _compared(point: _Point, actual: Outcome, expected: Outcome, tolerance: float) -> EnvelopePoint:
    if actual.problem is not None:
        return EnvelopePoint(axis=point.axis, value=point.value, agrees=False, reason=f"it fails: {actual.problem}")
    try:
        found = compare(actual.output, expected.output)
    except Unlike as unlike:
        return EnvelopePoint(axis=point.axis, value=point.value, agrees=False, reason=str(unlike))
    agrees = found.relative <= tolerance
    return EnvelopePoint(
        axis=point.axis,
        value=point.value,
        agrees=agrees,
        error=found.relative if found.relative != float("inf") else None,
        reason=None if agrees else f"{found.output} is off by up to {found.absolute:.4g}",
    )


def _batches(source: Source) -> Iterator[_Point]:
    """Vary the first dimension of all inputs together, where they share its size."""
    firsts = {_first_size(item) for item in leaves_of(source.binding)}
    if len(firsts) != 1 or None in firsts:
        return
    for size in _BATCHES:
        binding = Binding(
            positional=tuple(_with_first(item, size) for item in source.binding.positional),
            keyword=tuple(_with_first(item, size) for item in source.binding.keyword),
        )
        yield _Point("batch", str(size), _probe(source, binding, size))


def _dimensions(source: Source) -> Iterator[_Point]:
    number = -1
    for item in leaves_of(source.binding):
        for place, dimension in enumerate(item.shape or ()):
            if isinstance(dimension, int):
                continue
            number += 1
            if isinstance(dimension, RangeDimension):
                sizes = _spread(dimension.min, dimension.max)
            else:
                sizes = sorted(set(dimension))
            for size in sizes:
                binding = resized(source.binding, lambda i, d, n=number, s=size: s if i == n else default_size(d))  # type: ignore[misc]
                yield _Point(f"{item.name}[{place}]", str(size), _probe(source, binding, size))


def _scales(source: Source) -> Iterator[_Point]:
    base = source.example()
    if not any(tensor.dtype.is_floating_point for tensor in tensors_of(base.arguments)):
        return
    for scale in _SCALES:
        tensors = [t * scale if t.dtype.is_floating_point else t for t in tensors_of(base.arguments)]
        yield _Point("scale", f"{scale:g}", _changed(base, tensors))


def _changed(base: Probe, tensors: list[torch.Tensor]) -> Probe:
    arguments = with_tensors(base.arguments, tensors)
    return Probe(description="envelope", arguments=arguments, method=base.method, seed=base.seed)


def _probe(source: Source, binding: Binding, step: int) -> Probe:
    seed = source.seed + 900 + step
    return Probe(
        description="envelope", arguments=source.make(binding, seed), method=source.method, seed=seed, is_resized=True
    )


def _first_size(item: Input) -> int | None:
    return default_size(item.shape[0]) if item.shape else None


def _with_first(item: Input, size: int) -> Input:
    if item.items:
        return msgspec.structs.replace(item, items=tuple(_with_first(member, size) for member in item.items))
    return msgspec.structs.replace(item, shape=(size, *item.shape[1:])) if item.shape else item


def _spread(low: int, high: int) -> list[int]:
    """Return at most nine sizes of a range, its ends included."""
    if high - low < 9:
        return list(range(low, high + 1))
    return sorted({round(low + (high - low) * step / 8) for step in range(9)})
