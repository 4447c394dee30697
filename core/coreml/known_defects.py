"""Defects of coremltools 9.0 that are worked round while converting; each has a test that fails without it.

Wrong translations of single operations are mended in ``converters`` (the antialiased bilinear resize, for one).
"""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from .replacing import replaced

_PLACEHOLDERS: dict[bool, dict[str, str | None]] = {
    True: {
        "TORCHSCRIPT_MODULE_TYPE": "__COREML__::TORCHSCRIPT_PLACEHOLDER",
        "TORCHSCRIPT_MODULE_NAME": "__COREML__::TORCHSCRIPT_PLACEHOLDER",
    },
    False: {"EXIR_STACK_TRACE": None, "EXIR_DEBUG_HANDLE": None},
}
"""Where an operation that nobody wrote comes from, in the words of coremltools: by whether TorchScript is read."""


@contextmanager
def defects_worked_round() -> Iterator[None]:
    """Run a block in which the known defects do no harm."""
    with ExitStack() as stack:
        _classifier_with_more_outputs(stack)
        _buffers_with_nan(stack)
        _outputs_that_share_a_value(stack)
        _passes_that_change_numbers(stack)
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


def _outputs_that_share_a_value(stack: ExitStack) -> None:
    """A model that returns an input as it came, or one value twice, stops: two names would be given to one variable.

    Values that become equal later, by optimisation, leave the package with one output less.
    """
    converter = importlib.import_module("coremltools.converters.mil.frontend.torch.converter")
    builder = importlib.import_module("coremltools.converters.mil.mil").Builder
    scope = importlib.import_module("coremltools.converters.mil.mil.scope")
    convert_nodes = converter.convert_nodes

    def convert_nodes_and_part(context: Any, graph: Any, early_exit: bool = True) -> None:
        convert_nodes(context, graph, early_exit)
        given = [
            scope.ScopeInfo(source=scope.ScopeSource[name], data=[data])
            for name, data in _PLACEHOLDERS[context.frontend is converter.TorchFrontend.TORCHSCRIPT].items()
        ]
        seen: list[Any] = []
        for position, name in enumerate(graph.outputs):
            value = context[name]
            # A variable without an operation is an input. What is no variable (None, a list) is coremltools' to judge.
            if hasattr(value, "op") and (value.op is None or any(value is other for other in seen)):
                graph.outputs[position] = f"{name}_as_output_{position}"
                with builder.scope(*given):
                    value = builder.identity(x=value, name=graph.outputs[position])
                context.add(value)
            seen.append(value)

    variable = importlib.import_module("coremltools.converters.mil.mil.var").Var
    can_be_replaced: Any = variable.can_be_replaced_by_var
    casts = (
        importlib.import_module("coremltools.converters.mil.mil.passes.pass_registry")
        .PASS_REGISTRY["common::cast_optimization"]
        .__class__
    )
    duplicate_if_needed: Any = casts._dup_if_affect_io

    def can_be_replaced_by(self: Any, new: Any) -> bool:
        return not _are_outputs(self, new) and bool(can_be_replaced(self, new))

    def duplicate(self: Any, new: Any, old: Any, before_op: Any) -> Any:
        if _are_outputs(old, new):
            return builder.identity(x=new, before_op=before_op)
        return duplicate_if_needed(self, new, old, before_op)

    stack.enter_context(replaced(converter, "convert_nodes", convert_nodes_and_part))
    stack.enter_context(replaced(variable, "can_be_replaced_by_var", can_be_replaced_by))
    stack.enter_context(replaced(casts, "_dup_if_affect_io", duplicate))


def _are_outputs(first: Any, second: Any) -> bool:
    """Whether two variables are outputs of one block."""
    return any(block in second.consuming_blocks for block in first.consuming_blocks)


def _passes_that_change_numbers(stack: ExitStack) -> None:
    """Two optimisations take different computations for the same.

    The square root of a square is made the number itself, which it is not below zero. A floor division by one is left
    out, which makes ``x % 1`` zero.
    """
    passes = importlib.import_module("coremltools.converters.mil.mil.passes.pass_registry").PASS_REGISTRY
    roots, no_ops = (passes[name].__class__ for name in ("mil_backend::fuse_pow2_sqrt", "common::noop_elimination"))
    stack.enter_context(replaced(roots, "apply", lambda self, program: None))
    stack.enter_context(replaced(no_ops, "_SUPPORTED_OPS", no_ops._SUPPORTED_OPS - {"floor_div"}))


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
