"""Defects of coremltools 9.0 that are worked round while converting; each has a test that fails without it.

Wrong translations of single operations are mended in ``converters`` (the antialiased bilinear resize, for one).
"""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from .replacing import replaced


@contextmanager
def defects_worked_round() -> Iterator[None]:
    """Run a block in which the known defects do no harm."""
    with ExitStack() as stack:
        _classifier_with_more_outputs(stack)
        _buffers_with_nan(stack)
        yield


def _buffers_with_nan(stack: ExitStack) -> None:
    """A buffer that holds NaN stops the conversion: coremltools compares it with itself, and NaN equals nothing."""
    equal = torch.equal

    def equal_with_nan(first: torch.Tensor, second: torch.Tensor) -> bool:
        if equal(first, second):
            return True
        return (
            first.is_floating_point()
            and first.shape == second.shape
            and bool(((first == second) | (first.isnan() & second.isnan())).all())
        )

    stack.enter_context(replaced(torch, "equal", equal_with_nan))


def _classifier_with_more_outputs(stack: ExitStack) -> None:
    """A classifier whose outputs are named and that has other outputs, too, stops with an IndexError.

    Its label and probabilities take the place of one output, but the list of output types stays one shorter.
    """
    load = importlib.import_module("coremltools.converters.mil.backend.mil.load")
    tensor_type = importlib.import_module("coremltools").TensorType
    add_classify = load._add_classify_op

    def add_and_align(program: Any, config: Any) -> Any:
        function = program.functions["main"]
        types = {id(output): kind for output, kind in zip(function.outputs, function.output_types or [], strict=False)}
        names = add_classify(program, config)
        if types:
            rest = [types.get(id(output), tensor_type()) for output in function.outputs[2:]]
            function.set_output_types([tensor_type(), tensor_type(), *rest])
        return names

    stack.enter_context(replaced(load, "_add_classify_op", add_and_align))
