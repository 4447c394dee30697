"""From a model and its marks to one TorchScript module or function."""

import contextlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import Cancelled, ExportDeskError, fail
from ..inputs.binding import Arguments
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..model_file.module_tree import type_name
from ..model_file.user_errors import fail_in_user_code
from ..recipe.model import Mark, TorchScript
from .capture import Call, captured_calls
from .compile_errors import fail_to_script, fail_to_trace, is_not_repeatable
from .kept_state import buffers_kept, inference, substituted
from .marks import Unit, plan_units
from .torch_jit import Compiled, script, trace, trace_module
from .tracer_warnings import warnings_as_diagnostics

_CAPTURED_CALLS = 4


@dataclass(frozen=True, kw_only=True)
class Example:
    """What the methods of an entry are called with: the example to trace, then further probes."""

    calls: dict[str, list[Arguments]]
    """Method (``forward`` also for a function) to its arguments; the first are the example."""


def run_eager(loaded: LoadedModel, method: str, arguments: Arguments) -> Any:
    """Run the user's model as it is, without gradients; its buffers are as before afterwards."""
    with inference(), buffers_kept(loaded.module):
        return loaded.callable(method)(*fresh(arguments).positional, **fresh(arguments).keyword)


def fresh(arguments: Arguments) -> Arguments:
    """Return copies of the tensors, since a model may change its inputs in place."""
    from ..inputs.nested import copy_tensors

    return Arguments(positional=copy_tensors(arguments.positional), keyword=copy_tensors(arguments.keyword))


def compile_entry(
    loaded: LoadedModel, marks: dict[str, Mark], example: Example, options: TorchScript, context: JobContext
) -> Compiled:
    """Compile an entry as its marks say; the user's model is afterwards as it was, also on failure.

    Raises:
        ExportDeskError: ``call.mark``, ``marks.*``, ``script.*`` or ``trace.*``, with module, file and line.
    """
    if loaded.module is None:
        return _compile_function(loaded, marks, example, options, context)
    if isinstance(loaded.module, torch.jit.ScriptModule):
        if marks:
            fail("call.mark", "A .pt file is TorchScript already, and takes no marks.", module=next(iter(marks)))
        return loaded.module
    plan = plan_units(loaded.module, marks)
    compiler = _Compiler(loaded, example, options, context)
    with buffers_kept(loaded.module):
        compiler.capture(plan)
        return compiler.compile(plan)


def _compile_function(
    loaded: LoadedModel, marks: dict[str, Mark], example: Example, options: TorchScript, context: JobContext
) -> Compiled:
    function = loaded.function
    if unknown := next((path for path in marks if path != ""), None):
        fail("call.mark", f"{loaded.entry} is a function and has no submodule {unknown!r}.", module=unknown)
    with warnings_as_diagnostics(None, context.report, fallback_module=""):
        if marks.get("") == "script":
            with _script_errors("", loaded.entry):
                return script(function)
        if isinstance(function, torch.jit.ScriptFunction):
            return function
        arguments = fresh(example.calls["forward"][0])
        return _traced(function, function, arguments, "", loaded.entry, options, context)


class _Compiler:
    """Compiles the units of one model, the innermost first."""

    def __init__(self, loaded: LoadedModel, example: Example, options: TorchScript, context: JobContext) -> None:
        self._loaded, self._example, self._options, self._context = loaded, example, options, context
        assert loaded.module is not None
        self._root = loaded.module
        self._calls: dict[int, list[Call]] = {}

    def capture(self, plan: Unit) -> None:
        """Run the model until every inner unit that is traced has been called, at most once for each probe."""
        wanted = {id(unit.module): unit.module for unit in _inner_units(plan) if unit.mode == "trace"}
        if not wanted:
            return
        for method, calls in self._example.calls.items():
            for index, arguments in enumerate(calls):
                self._context.progress(None, f"running the model to capture inputs ({index + 1})")
                with captured_calls(wanted.values(), self._calls, most=_CAPTURED_CALLS):
                    run_eager(self._loaded, method, arguments)
                if all(self._calls.get(key) for key in wanted):
                    return

    def compile(self, unit: Unit, done: int = 0) -> torch.jit.ScriptModule:
        """Compile a unit with the units below it in their places."""
        replacements: list[tuple[torch.nn.Module, str, torch.nn.Module]] = []
        for inner in unit.units:
            compiled = self.compile(inner)
            replacements += [(parent, name, compiled) for parent, name in inner.places]
        self._context.progress(None, f"{'tracing' if unit.mode == 'trace' else 'scripting'} {unit.path or 'the model'}")
        with (
            substituted(replacements),
            buffers_kept(unit.module),
            warnings_as_diagnostics(self._root, self._context.report, fallback_module=unit.path),
        ):
            return self._script(unit) if unit.mode == "script" else self._trace(unit)

    def _script(self, unit: Unit) -> torch.jit.ScriptModule:
        with _script_errors(unit.path, type_name(unit.module)):
            compiled = script(unit.module)
        assert isinstance(compiled, torch.jit.ScriptModule)
        if not unit.path:
            for method in self._example.calls:
                if not hasattr(compiled, method):
                    fail(
                        "script.method",
                        f"{method!r} was not compiled: a scripted module keeps forward and what it calls.",
                        module="",
                        hint=f"Put @torch.jit.export above {method}, or trace the model.",
                    )
        return compiled

    def _trace(self, unit: Unit) -> torch.jit.ScriptModule:
        if not unit.path:
            return self._trace_root(unit)
        calls = self._calls.get(id(unit.module))
        if not calls:
            fail(
                "marks.never-called",
                f"{unit.path} was never called with the inputs given, so there is nothing to trace.",
                module=unit.path,
                hint="Choose inputs that reach it, mark it as script, or remove its mark.",
            )
        first = calls[0]
        arguments = Arguments(positional=first.positional, keyword=first.keyword)
        if len({call.shapes for call in calls}) > 1:
            self._context.report(_called_with_several_shapes(unit, calls))
        return self._traced_module(unit.module, "forward", arguments, unit)

    def _trace_root(self, unit: Unit) -> torch.jit.ScriptModule:
        methods = list(self._example.calls)
        first = fresh(self._example.calls[methods[0]][0])
        if methods == ["forward"]:
            return self._traced_module(unit.module, "forward", first, unit)
        inputs = {method: self._positional(unit, method) for method in methods}
        try:
            with inference():
                return trace_module(
                    unit.module,
                    inputs,
                    check_trace=self._options.check_trace,
                    check_tolerance=self._options.check_tolerance,
                    strict=self._options.strict,
                )
        except Exception as error:
            fail_to_trace(error, unit.path, type_name(unit.module))

    def _positional(self, unit: Unit, method: str) -> tuple[Any, ...]:
        arguments = fresh(self._example.calls[method][0])
        return _in_order(getattr(unit.module, method), arguments)

    def _traced_module(
        self, module: torch.nn.Module, method: str, arguments: Arguments, unit: Unit
    ) -> torch.jit.ScriptModule:
        arguments, constants = _without_constants(inspect.signature(getattr(module, method)), arguments)
        with _constants_given(module, constants):
            compiled = _traced(
                module,
                module.forward,
                arguments,
                unit.path,
                type_name(unit.module),
                self._options,
                self._context,
            )
        assert isinstance(compiled, torch.jit.ScriptModule)
        return compiled


def _traced(
    traced: Any,
    signed: Any,
    arguments: Arguments,
    path: str,
    name: str,
    options: TorchScript,
    context: JobContext,
) -> Compiled:
    """Trace; where only torch's check of the trace fails, say so, and leave the verdict to the checks on probes."""
    how: dict[str, Any] = {"strict": options.strict}
    if arguments.keyword:
        how["example_kwarg_inputs"] = _by_name(signed, arguments)
    else:
        how["example_inputs"] = arguments.positional
    check = {"check_trace": options.check_trace, "check_tolerance": options.check_tolerance}
    try:
        with inference():
            return trace(traced, **how, **check)
    except ExportDeskError:
        raise
    except Exception as error:
        if not is_not_repeatable(error):
            fail_to_trace(error, path, name)
        context.report(_not_repeatable(error, path))
    try:
        with inference():
            return trace(traced, **how, check_trace=False)
    except Exception as error:
        fail_to_trace(error, path, name)


def _without_constants(signature: inspect.Signature, arguments: Arguments) -> tuple[Arguments, dict[str, Any]]:
    """Take out arguments that are no tensors: a trace accepts only tensors, and keeps the others as they are."""
    try:
        bound = signature.bind(*arguments.positional, **arguments.keyword)
    except TypeError:
        return arguments, {}
    constants = {
        name: value
        for name, value in bound.arguments.items()
        if signature.parameters[name].kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        and not _holds_tensor(value)
    }
    if not constants:
        return arguments, {}
    tensors = {name: value for name, value in bound.arguments.items() if name not in constants}
    names = list(signature.parameters)
    if list(tensors) == names[: len(tensors)]:
        return Arguments(positional=tuple(tensors.values()), keyword={}), constants
    return Arguments(positional=(), keyword=tensors), constants


@contextlib.contextmanager
def _constants_given(module: torch.nn.Module, constants: dict[str, Any]) -> Iterator[None]:
    if not constants:
        yield
        return

    def give(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return args, {**constants, **kwargs}

    handle = module.register_forward_pre_hook(give, prepend=True, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return True
    if isinstance(value, dict):
        return any(_holds_tensor(member) for member in value.values())
    return isinstance(value, list | tuple) and any(_holds_tensor(member) for member in value)


def _by_name(target: Any, arguments: Arguments) -> dict[str, Any]:
    bound = inspect.signature(target).bind(*arguments.positional, **arguments.keyword)
    by_name: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if inspect.signature(target).parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            by_name |= value
        else:
            by_name[name] = value
    return by_name


def _in_order(target: Any, arguments: Arguments) -> tuple[Any, ...]:
    """Return the arguments by position, for ``trace_module``, which takes no names."""
    if not arguments.keyword:
        return arguments.positional
    bound = inspect.signature(target).bind(*arguments.positional, **arguments.keyword)
    return bound.args


@contextlib.contextmanager
def _script_errors(path: str, name: str) -> Iterator[None]:
    try:
        yield
    except ExportDeskError:
        raise
    except Exception as error:
        fail_to_script(error, path, name)


def _inner_units(unit: Unit) -> Iterator[Unit]:
    for inner in unit.units:
        yield inner
        yield from _inner_units(inner)


def _called_with_several_shapes(unit: Unit, calls: list[Call]) -> Diagnostic:
    shapes = ", ".join(sorted({" and ".join("×".join(map(str, s)) or "scalar" for s in call.shapes) for call in calls}))
    return Diagnostic(
        code="trace.several-shapes",
        severity=Severity.NOTE,
        message=f"{unit.path} is called with inputs of several shapes ({shapes}); its trace was made with the first.",
        module=unit.path,
        hint="If a check fails, mark this module as script.",
    )


def _not_repeatable(error: Exception, path: str) -> Diagnostic:
    return Diagnostic(
        code="trace.not-repeatable",
        severity=Severity.WARNING,
        message="Two traces of the same input gave different graphs or different numbers.",
        module=path,
        hint="The model is random, counts its calls, or keeps something from the last one. The checks on probes show "
        "whether the exported file can be trusted.",
        original=str(error),
    )


def eager_or_fail(loaded: LoadedModel, method: str, arguments: Arguments) -> Any:
    """Run the eager model on the example, and say what is wrong where it cannot."""
    try:
        return run_eager(loaded, method, arguments)
    except (Cancelled, ExportDeskError):
        raise
    except BaseException as error:  # what a forward raises need not be an Exception
        shapes = ", ".join(f"{tuple(v.shape)} {str(v.dtype).removeprefix('torch.')}" for v in _tensors(arguments))
        fail_in_user_code(
            "model.run",
            f"The model does not run with the inputs given ({shapes or 'none'})",
            error,
            module="",
            hint="Check the shapes and dtypes of the inputs: the line shown is where the model gave up.",
        )


def _tensors(arguments: Arguments) -> list[torch.Tensor]:
    from ..inputs.nested import flatten

    return [tensor for _, tensor in flatten([*arguments.positional, *arguments.keyword.values()])]
