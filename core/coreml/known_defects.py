"""Defects of coremltools 9.0 that are worked round while converting; each has a test that fails without it.

Wrong translations of single operations are mended in ``converters`` (the antialiased bilinear resize, for one).
"""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .replacing import replaced


@contextmanager
def defects_worked_round() -> Iterator[None]:
    """Run a block in which the known defects do no harm."""
    with ExitStack() as stack:
        _classifier_with_more_outputs(stack)
        yield


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
