"""The same conversion in less time: work of coremltools that changes nothing is left out.

coremltools validates the whole program after each of about a hundred passes, renders it to text for log lines that
nobody reads, follows "nonreplaceable" variables through programs that have none, and makes the same description of a
type hundreds of thousands of times. Leaving that out gives a byte-equal package (a test compares the specifications
over several architectures); the program is validated once, after the last pass.

This is the one place that changes how coremltools works. It knows the versions for which the test was run; with any
other version the plain conversion runs.
"""

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .replacing import replaced

KNOWN_VERSIONS = ("9.0",)
"""Versions of coremltools for which ``tests/core/coreml/test_fast_passes.py`` has shown equal results."""

_MIL = "coremltools.converters.mil.mil"


def is_known(version: str) -> bool:
    """Whether this version of coremltools may be made faster."""
    return version in KNOWN_VERSIONS


@contextmanager
def fast_passes(version: str) -> Iterator[bool]:
    """Run a block in which coremltools leaves out what changes nothing; yields whether it does."""
    if not is_known(version):
        yield False
        return
    with ExitStack() as stack:
        _validate_once(stack)
        _render_nothing(stack)
        _follow_nonreplaceable_only_where_they_are(stack)
        _describe_types_once(stack)
        _look_for_overflow_once(stack)
        _collect_less_garbage(stack)
        yield True


def _validate_once(stack: ExitStack) -> None:
    program = importlib.import_module(f"{_MIL}.program").Program
    validate, check_at_end = program.validate, program._check_early_error_out_for_invalid_program

    def validate_and_check(self: Any) -> None:
        # Called once, between the last pass and the writing of the file.
        validate(self, check_essential_scope=True)
        check_at_end(self)

    def do_not_validate(self: Any, check_essential_scope: bool = False) -> None:
        pass

    stack.enter_context(replaced(program, "validate", do_not_validate))
    stack.enter_context(replaced(program, "_check_early_error_out_for_invalid_program", validate_and_check))


def _render_nothing(stack: ExitStack) -> None:
    """``logger.debug(f"Program before …: {program}")`` renders the program although debug logging is off."""
    program = importlib.import_module(f"{_MIL}.program").Program
    stack.enter_context(replaced(program, "__str__", lambda self: "program"))


def _follow_nonreplaceable_only_where_they_are(stack: ExitStack) -> None:
    """Variables are nonreplaceable downstream of a ``constexpr_`` operation; until there is one, every set is empty."""
    variable = importlib.import_module(f"{_MIL}.var").Var
    block = importlib.import_module(f"{_MIL}.block").Block
    set_upstream: Callable[[Any], None] = variable._set_nonreplaceable_vars_upstream
    propagate: Callable[[Any], None] = block._propagate_nonreplaceable_vars
    seen = False

    def set_upstream_if_any(self: Any) -> None:
        nonlocal seen
        if not seen:
            operation = self._op
            if operation is None or not operation.op_type.startswith("constexpr_"):
                return
            seen = True
        set_upstream(self)

    def propagate_if_any(self: Any) -> None:
        if seen:
            propagate(self)

    stack.enter_context(replaced(variable, "_set_nonreplaceable_vars_upstream", set_upstream_if_any))
    stack.enter_context(replaced(block, "_propagate_nonreplaceable_vars", propagate_if_any))


def _describe_types_once(stack: ExitStack) -> None:
    """``get_type_info`` makes a new description each time it is asked whether a type is a tensor."""
    original = importlib.import_module(f"{_MIL}.types.get_type_info").get_type_info
    known: dict[type, Any] = {}

    def described(kind: Any) -> Any:
        try:
            return known[kind]
        except (KeyError, TypeError):
            pass
        description = original(kind)
        if isinstance(kind, type):
            known[kind] = description
        return description

    for name, module in list(sys.modules.items()):
        if name.startswith(_MIL) and getattr(module, "get_type_info", None) is original:
            stack.enter_context(replaced(module, "get_type_info", described))


def _look_for_overflow_once(stack: ExitStack) -> None:
    """Whether a constant overflows float16 is told by its extremes; coremltools makes three copies to find out."""
    precision = importlib.import_module(f"{_MIL}.passes.defs.quantization").FP16ComputePrecision
    original: Callable[[Any], bool] = precision.fp16_overflow
    largest = 65504.0

    def may_overflow(variable: Any) -> bool:
        operation = getattr(variable, "op", None)
        if operation is None or operation.op_type != "const":
            return False
        value = operation.val.val
        if not isinstance(value, np.ndarray | np.generic):
            return True
        if value.dtype.kind in "iub":
            return False
        if value.dtype != np.float32 or value.size == 0:
            return True
        # False for NaN, which the plain code then judges.
        return not (value.min() >= -largest and value.max() <= largest)

    def overflows(operation: Any) -> bool:
        for value in operation.inputs.values():
            if any(may_overflow(item) for item in (value if isinstance(value, list | tuple) else (value,))):
                return original(operation)
        return False

    stack.enter_context(replaced(precision, "fp16_overflow", staticmethod(overflows)))


class _NoCollector:
    """Stands in for ``gc`` in the one place where coremltools collects: after all its work is done."""

    @staticmethod
    def collect() -> int:
        return 0


def _collect_less_garbage(stack: ExitStack) -> None:
    """What exists already (torch, coremltools, the model) is not looked at again and again by the collector."""
    entry = importlib.import_module("coremltools.converters._converters_entry")
    stack.enter_context(replaced(entry, "gc", _NoCollector))
    gc.freeze()
    stack.callback(gc.unfreeze)
