"""Steps as closures over places of the frame."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .holders import fit, holder_dtype, round_to_half
from .memory import require_elements
from .program import Operation, TensorType, ValueType
from .steps import CompiledBlock, Frame


def bind_places(
    function: Callable[..., Any], reads: tuple[int, ...], results: tuple[int, ...], finish: list[Callable[[Any], Any]]
) -> Callable[[Frame], None]:
    """Return a step that calls a function on places and writes its finished results."""
    if len(results) != 1:
        return _several_results(function, reads, results, finish)
    (result,), (end,) = results, finish
    if len(reads) == 1:
        (first,) = reads

        def run_one(frame: Frame) -> None:
            frame[result] = end(function(frame[first]))

        return run_one
    if len(reads) == 2:
        first, second = reads

        def run_two(frame: Frame) -> None:
            frame[result] = end(function(frame[first], frame[second]))

        return run_two

    def run_many(frame: Frame) -> None:
        frame[result] = end(function(*[frame[place] for place in reads]))

    return run_many


def _several_results(
    function: Callable[..., Any], reads: tuple[int, ...], results: tuple[int, ...], finish: list[Callable[[Any], Any]]
) -> Callable[[Frame], None]:
    ends = tuple(zip(results, finish, strict=True))

    def run(frame: Frame) -> None:
        values = function(*[frame[place] for place in reads])
        if not ends:
            return
        for (result, end), value in zip(ends, values, strict=True):
            frame[result] = end(value)

    return run


def finisher(kind: ValueType, operation: Operation, *, rounds: bool) -> Callable[[Any], Any]:
    """Return what makes a raw result the value that the program declares: its type, its rounding, its shape."""
    if not isinstance(kind, TensorType) or kind.dtype == "str" or operation.type == "classify":
        return _unchanged
    dtype, holder, rank = kind.dtype, holder_dtype(kind.dtype), len(kind.shape)
    shape = None if None in kind.shape else torch.Size([size or 0 for size in kind.shape])
    if shape is not None:
        require_elements(shape.numel())
    is_half = rounds and dtype == "fp16"
    is_wrapped = dtype in ("uint16", "uint32")

    def finish(result: Tensor) -> Tensor:
        if shape is not None:
            if result.shape != shape:
                raise ValueError(f"the result has shape {tuple(result.shape)}, and the program says {kind}")
        elif result.ndim != rank and rank != 1:  # one unknown dimension also stands for an unknown rank
            raise ValueError(f"the result has shape {tuple(result.shape)}, and the program says {kind}")
        if is_half:
            return round_to_half(result)
        if result.dtype is not holder or is_wrapped:
            return fit(result, dtype)
        return result

    return finish


def _unchanged(value: Any) -> Any:
    return value


def _is_true(condition: Tensor) -> bool:
    if condition.numel() != 1:
        raise ValueError(f"its condition has {condition.numel()} values, and one decides")
    return bool(condition.item())


def cond_step(
    operation: Operation, starts: tuple[int, ...], blocks: tuple[CompiledBlock, CompiledBlock], results: tuple[int, ...]
) -> Callable[[Frame], None]:
    """``blocks`` are what runs where the predicate is true, and where it is not."""
    if len(starts) != 1 or any(len(block.outputs) != len(results) for block in blocks):
        raise ValueError("its predicate or the results of its branches do not fit")
    (predicate,) = starts
    if_true, if_false = blocks

    def run(frame: Frame) -> None:
        block = if_true if _is_true(frame[predicate]) else if_false
        block.run(frame)
        values = [frame[place] for place in block.outputs]
        for place, value in zip(results, values, strict=True):
            frame[place] = value

    return run


def while_step(
    operation: Operation, starts: tuple[int, ...], blocks: tuple[CompiledBlock, CompiledBlock], results: tuple[int, ...]
) -> Callable[[Frame], None]:
    """``blocks`` are the condition and the body; both take the loop's variables."""
    condition, body = blocks
    counts = {len(starts), len(results), len(condition.inputs), len(body.inputs), len(body.outputs)}
    if len(counts) != 1 or len(condition.outputs) != 1:
        raise ValueError("the variables of its condition, body and results do not fit")
    (test,) = condition.outputs

    def run(frame: Frame) -> None:
        values = [frame[place] for place in starts]
        while True:
            for place, value in zip(condition.inputs, values, strict=True):
                frame[place] = value
            condition.run(frame)
            if not _is_true(frame[test]):
                break
            for place, value in zip(body.inputs, values, strict=True):
                frame[place] = value
            body.run(frame)
            values = [frame[place] for place in body.outputs]
        for place, value in zip(results, values, strict=True):
            frame[place] = value

    return run
