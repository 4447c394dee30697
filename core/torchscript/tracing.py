"""``torch.jit.trace`` of a module or function, called in any form."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CellType, MethodType
from typing import Any, TypeVar

import torch

from ..inputs.binding import Arguments
from ..inputs.nested import copy_tensors
from ..job_context import JobContext
from ..recipe.model import TorchScript
from .call_forms import CallForm
from .compile_errors import fail_to_trace
from .kept_state import KeptState, inference
from .python_numbers import keep_python_numbers
from .torch_jit import Compiled, trace, trace_module
from .trace_check import Row, check_trace

Adapt = Callable[[Any], Any]
AnyCompiled = TypeVar("AnyCompiled", bound=Compiled)
_EMPTY_CELL = CellType()
_MOST_MEMBERS = 1000


@dataclass(frozen=True, kw_only=True)
class TracedCall:
    """One method of a trace: what is run, in which form, and what it is called in the trace."""

    form: CallForm
    arguments: Arguments
    method: str = "forward"
    """What is run: ``forward`` is the module itself, with its hooks."""
    name: str = "forward"
    """Name in the compiled module."""
    adapt: Adapt | None = None
    """Changes the output into one that a trace can return."""
    check_calls: Sequence[Arguments] = ()
    """Further calls of the same form, for torch's check of the trace."""

    @property
    def is_plain(self) -> bool:
        return self.form.is_plain and self.adapt is None and self.name == self.method

    def inputs(self, arguments: Arguments) -> tuple[Any, ...]:
        return tuple(copy_tensors(self.form.outside(arguments)))


def traced_module(
    module: torch.nn.Module,
    calls: Sequence[TracedCall],
    path: str,
    type_name: str,
    options: TorchScript,
    context: JobContext,
) -> torch.jit.ScriptModule:
    """Trace methods of a module; afterwards it is as it was.

    Where only the check of the trace fails, that is reported, and the verdict is left to the checks on probes.

    Raises:
        ExportDeskError: ``trace.*``.
    """

    def run(row: Row) -> torch.jit.ScriptModule:
        return trace_module(module, copy_tensors(dict(row)), strict=options.strict)

    with _presented(module, calls):
        return _checked_trace(module, run, _rows(calls), path, type_name, options, context)


def traced_function(
    function: Callable[..., Any], call: TracedCall, name: str, options: TorchScript, context: JobContext
) -> Compiled:
    """Trace a function, or anything that is called like one; weights that it refers to become constants."""
    shown = function if call.is_plain and inspect.isfunction(function) else _as_function(function, call, name)

    def run(row: Row) -> Compiled:
        return trace(shown, copy_tensors(row["forward"]), strict=options.strict)

    with _weights_as_constants(function):
        return _checked_trace(shown, run, _rows([call]), "", name, options, context)


def _checked_trace(
    target: Any,
    run: Callable[[Row], AnyCompiled],
    rows: Sequence[Row],
    path: str,
    type_name: str,
    options: TorchScript,
    context: JobContext,
) -> AnyCompiled:
    """Trace the first row; report where the check of the trace finds a difference."""

    def traced(row: Row) -> AnyCompiled:
        made = run(row)
        keep_python_numbers(made)
        return made

    try:
        with inference():
            if not options.check_trace:
                return traced(rows[0])
            before = KeptState(target if isinstance(target, torch.nn.Module) else None)
            compiled = traced(rows[0])
            for found in check_trace(target, compiled, rows, before, traced, path, options.check_tolerance):
                context.report(found)
            return compiled
    except Exception as error:
        fail_to_trace(error, path, type_name, target)


def _rows(calls: Sequence[TracedCall]) -> list[Row]:
    """Return the example of each call, then their further calls."""
    count = min(len(call.check_calls) for call in calls)
    more = [{call.name: call.inputs(call.check_calls[index]) for call in calls} for index in range(count)]
    return [{call.name: call.inputs(call.arguments) for call in calls}, *more]


@contextlib.contextmanager
def _presented(module: torch.nn.Module, calls: Sequence[TracedCall]) -> Iterator[None]:
    """Let torch find, under the name of each call, something that takes tensors by position and has their names."""
    own = module.__dict__
    before = {name: own[name] for name in ("_compiled_call_impl", *(call.name for call in calls)) if name in own}
    changed: list[str] = []
    try:
        for call in calls:
            if call.is_plain:
                continue
            run = _runner(module, call)
            if call.name == "forward":
                # torch runs the module, and takes the names from forward. `_compiled_call_impl` is what a module
                # with torch.compile's `module.compile()` runs in place of itself (torch >= 2.1).
                own["_compiled_call_impl"] = run
                changed.append("_compiled_call_impl")
            own[call.name] = MethodType(_named(run, call.form.names, has_self=True), module)
            changed.append(call.name)
        yield
    finally:
        for name in changed:
            own.pop(name, None)
        own.update(before)


def _runner(module: torch.nn.Module, call: TracedCall) -> Callable[..., Any]:
    if call.method != "forward":
        # Looked up now, before a stand-in takes the name.
        return _in_form(getattr(module, call.method), call)
    own = module.__dict__
    before = own.get("forward")

    def run_module(*positional: Any, **keyword: Any) -> Any:
        stand_in = own.pop("forward", None)
        if before is not None:
            own["forward"] = before
        try:
            return module._call_impl(*positional, **keyword)  # type: ignore[no-untyped-call]
        finally:
            if stand_in is not None:
                own["forward"] = stand_in

    return _in_form(run_module, call)


def _in_form(target: Callable[..., Any], call: TracedCall) -> Callable[..., Any]:
    def run(*inputs: Any) -> Any:
        positional, keyword = call.form.inside(inputs)
        output = target(*positional, **keyword)
        return output if call.adapt is None else call.adapt(output)

    return run


def _named(run: Callable[..., Any], names: Sequence[str], *, has_self: bool) -> Callable[..., Any]:
    def shown(*inputs: Any) -> Any:
        return run(*inputs[1:]) if has_self else run(*inputs)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in (("self", *names) if has_self else names)
    ]
    shown.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return shown


def _as_function(function: Callable[..., Any], call: TracedCall, name: str) -> Callable[..., Any]:
    shown = _named(_in_form(function, call), call.form.names, has_self=False)
    # torch names the compiled function after these.
    shown.__name__ = shown.__qualname__ = "".join(c if c.isalnum() else "_" for c in name) or "function"
    shown.__module__ = getattr(function, "__module__", None) or "__main__"
    return shown


@contextlib.contextmanager
def _weights_as_constants(function: Any) -> Iterator[None]:
    """Let a trace take in the weights of modules that a function only refers to: torch refuses those with gradients."""
    modules: dict[int, torch.nn.Module] = {}
    _collect_modules(function, modules, depth=4)
    held = [
        (module._parameters, name, parameter)
        for module in modules.values()
        if not isinstance(module, torch.jit.ScriptModule)
        for name, parameter in module._parameters.items()
        if parameter is not None
    ]
    try:
        for parameters, name, parameter in held:
            # The same values, and a tensor of its own: a constant that wants a gradient cannot be loaded again.
            parameters[name] = parameter.detach()  # type: ignore[assignment]
        yield
    finally:
        for parameters, name, parameter in held:
            parameters[name] = parameter


def _collect_modules(value: Any, found: dict[int, torch.nn.Module], depth: int) -> None:
    if isinstance(value, torch.nn.Module):
        found.update({id(module): module for module in value.modules()})
    elif depth == 0 or value is None or isinstance(value, type | str | bytes | int | float | torch.Tensor):
        return
    elif isinstance(value, functools.partial):
        _collect_members((value.func, *value.args, *value.keywords.values()), found, depth)
    elif inspect.ismethod(value):
        _collect_members((value.__self__, value.__func__), found, depth)
    elif inspect.isfunction(value):
        cells = [cell.cell_contents for cell in value.__closure__ or () if cell != _EMPTY_CELL]
        names = [value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__]
        _collect_members((*cells, *names, *(value.__defaults__ or ())), found, depth)
    elif isinstance(value, list | tuple | set):
        _collect_members(value, found, depth)
    elif isinstance(value, dict):
        _collect_members(value.values(), found, depth)
    elif not inspect.ismodule(value) and not inspect.isroutine(value):
        _collect_members((*getattr(value, "__dict__", {}).values(), _call_of(value)), found, depth)


def _call_of(value: Any) -> Any:
    # `callable()` would not tell what is run: a function of the class, which may refer to weights as any other.
    return vars(type(value)).get("__call__")


def _collect_members(values: Iterable[Any], found: dict[int, torch.nn.Module], depth: int) -> None:
    for value in list(values)[:_MOST_MEMBERS]:
        _collect_modules(value, found, depth - 1)
