"""From a model and its marks to one TorchScript module or function."""

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import fail
from ..inputs.binding import Arguments
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..model_file.module_tree import is_training_sensitive, type_name
from ..recipe.model import Mark, TorchScript
from .call_forms import CallForm, form_of, is_traceable_output, left_out, traceable_output
from .capture import Call, CallRecorder, distinct_forms
from .dispatch import dispatching_source, method_name, needs_dispatch
from .eager import fresh, run_eager
from .kept_state import state_kept, substituted
from .marks import Unit, inner_units, marked_modules, plan_units
from .scripting import scripted_function, scripted_module
from .torch_jit import Compiled, define_method, forget_types, inline_calls, with_attributes
from .tracer_warnings import warnings_as_diagnostics
from .tracing import TracedCall, traced_function, traced_module


@dataclass(frozen=True, kw_only=True)
class MethodExample:
    """What one method is called with."""

    calls: Sequence[Arguments]
    """The example to trace, then further probes."""
    names: Sequence[str] = ()
    """Names of the positional arguments; from the signature where left out."""
    output: Any = None
    """What eager gave for the example, where it is known."""
    check_calls: Sequence[Arguments] = ()
    """Further calls for torch's own check of a trace."""


@dataclass(frozen=True, kw_only=True)
class CompiledEntry:
    """TorchScript, and how its methods are called."""

    compiled: Compiled
    forms: Mapping[str, CallForm] = field(default_factory=dict)
    """Method to the form of its trace; methods that are scripted take their arguments as they are."""
    kind: ClassVar[str] = "torchscript"

    def arguments(self, method: str, arguments: Arguments) -> Arguments:
        """Return what the compiled method takes for a call of the model's method."""
        form = self.forms.get(method)
        if form is None:
            return arguments
        return Arguments(positional=form.outside(arguments), keyword={})


def compile_entry(
    loaded: LoadedModel,
    marks: dict[str, Mark],
    examples: Mapping[str, MethodExample],
    options: TorchScript,
    context: JobContext,
) -> CompiledEntry:
    """Run an entry on its examples and compile it as its marks say.

    The user's model is afterwards as it was, also on failure.

    Raises:
        ExportDeskError: ``call.mark``, ``marks.*``, ``script.*`` or ``trace.*``, with module, file and line.
    """
    compiler = EntryCompiler(loaded, marks, options, context)
    with compiler.recording():
        for method, example in examples.items():
            for index, arguments in enumerate(example.calls):
                context.progress(None, f"running the model to record the inputs of its modules ({index + 1})")
                run_eager(loaded, method, arguments)
    return compiler.compile(examples)


class EntryCompiler:
    """Compiles one entry: first the model is run inside ``recording``, then ``compile`` is called.

    Args:
        loaded: the model; it is the user's, and is left as it was.
        marks: module path to mark; checked at once, before anything runs.
    """

    def __init__(self, loaded: LoadedModel, marks: dict[str, Mark], options: TorchScript, context: JobContext) -> None:
        self._loaded, self._marks, self._options, self._context = loaded, marks, options, context
        self._root = loaded.module
        self._plan: Unit | None = None
        if self._root is None:
            if unknown := next((path for path in marks if path != ""), None):
                fail("call.mark", f"{loaded.entry} is a function and has no submodule {unknown!r}.", module=unknown)
        elif isinstance(self._root, torch.jit.ScriptModule):
            if marks:
                fail("call.mark", "A .pt file is TorchScript already, and takes no marks.", module=next(iter(marks)))
        else:
            self._plan = plan_units(self._root, marks)
        units = list(inner_units(self._plan)) if self._plan is not None else []
        self._watched = {} if self._plan is None or self._root is None else marked_modules(self._root, marks)
        traced = [unit.module for unit in units if unit.mode == "trace"]
        self._recorder = CallRecorder(traced, self._watched.values())

    @property
    def needs_every_call(self) -> bool:
        """Whether further runs in ``recording`` can tell more than the first: there are calls to record."""
        return self._recorder.is_recording

    def recording(self) -> contextlib.AbstractContextManager[Any]:
        """Record in the block how the model calls its modules."""
        return self._recorder

    def compile(self, examples: Mapping[str, MethodExample]) -> CompiledEntry:
        """Compile, with the calls in each method inlined, so that it can be run ``without_optimiser``.

        Raises:
            ExportDeskError: ``marks.*``, ``script.*`` or ``trace.*``, with module, file and line.
        """
        entry = self._compiled(examples)
        for method in examples:
            inline_calls(entry.compiled, method)
        return entry

    def _compiled(self, examples: Mapping[str, MethodExample]) -> CompiledEntry:
        forget_types()
        if self._root is None:
            return self._function(examples["forward"])
        if isinstance(self._root, torch.jit.ScriptModule):
            return CompiledEntry(compiled=self._root)
        assert self._plan is not None
        self._report_never_called()
        if self._plan.mode == "script":
            with state_kept(self._root):
                return CompiledEntry(compiled=self._unit(self._plan, lambda: self._script(self._plan, list(examples))))
        calls = [self._root_call(self._root, method, example) for method, example in examples.items()]
        self._report_train_mode()
        with state_kept(self._root):
            compiled = self._unit(
                self._plan,
                lambda: traced_module(self._root, calls, "", type_name(self._root), self._options, self._context),
            )
        return CompiledEntry(compiled=compiled, forms={call.method: call.form for call in calls})

    def _function(self, example: MethodExample) -> CompiledEntry:
        function = self._loaded.function
        assert function is not None
        with warnings_as_diagnostics(None, self._context.report, fallback_module=""):
            if self._marks.get("") == "script":
                return CompiledEntry(compiled=scripted_function(function, self._loaded.entry))
            if isinstance(function, torch.jit.ScriptFunction):
                return CompiledEntry(compiled=function)
            call = self._call(self._loaded.signature(), "forward", example)
            compiled = traced_function(function, call, self._loaded.entry, self._options, self._context)
        return CompiledEntry(compiled=compiled, forms={"forward": call.form})

    def _root_call(self, root: torch.nn.Module, method: str, example: MethodExample) -> TracedCall:
        return self._call(self._loaded.signature(method), method, example)

    def _call(self, signature: inspect.Signature, method: str, example: MethodExample) -> TracedCall:
        first = example.calls[0]
        form = form_of(first, signature, example.names)
        adapt = None
        if example.output is not None and not self._options.strict and not is_traceable_output(example.output):
            adapt = traceable_output
            self._context.report(_output_changed(example.output, method))
        rows = [row for row in example.check_calls if form.admits(row)]
        return TracedCall(form=form, arguments=fresh(first), method=method, name=method, adapt=adapt, check_calls=rows)

    def _unit(self, unit: Unit, run: Any) -> torch.jit.ScriptModule:
        """Compile the units below, and then this one with them in its places."""
        replacements: list[tuple[torch.nn.Module, str, torch.nn.Module]] = []
        for inner in unit.units:
            compiled = self._inner(inner)
            replacements += [(parent, name, compiled) for parent, name in inner.places]
        self._context.progress(None, f"{'tracing' if unit.mode == 'trace' else 'scripting'} {unit.path or 'the model'}")
        with (
            substituted(replacements),
            self._watching_for_bypass(unit),
            warnings_as_diagnostics(self._root, self._context.report, fallback_module=unit.path),
        ):
            made: torch.jit.ScriptModule = run()
        return made

    def _inner(self, unit: Unit) -> torch.jit.ScriptModule:
        if unit.mode == "script":
            compiled = self._unit(unit, lambda: self._script(unit, ["forward"]))
            _show_attributes(compiled, unit.module)
            return compiled
        calls = distinct_forms(self._recorder.calls(unit.module))
        if not calls:
            fail(
                "marks.never-called",
                f"{unit.path} was never called with the inputs given, so there is nothing to trace.",
                module=unit.path,
                hint="Choose inputs that reach it, mark it as script, or remove its mark.",
            )
        self._report_several_shapes(unit)
        return self._unit(unit, lambda: self._trace_inner(unit, calls))

    def _script(self, unit: Unit | None, methods: Sequence[str]) -> torch.jit.ScriptModule:
        assert unit is not None
        return scripted_module(unit.module, methods, unit.path, self._context)

    def _trace_inner(self, unit: Unit, calls: list[Call]) -> torch.jit.ScriptModule:
        module = unit.module
        name = type_name(module)
        if not needs_dispatch(calls):
            traced = [TracedCall(form=calls[0].form, arguments=calls[0].arguments)]
            return with_attributes(traced_module(module, traced, unit.path, name, self._options, self._context), module)
        source = dispatching_source(inspect.signature(module.forward), module, calls, unit.path)
        traced = [
            TracedCall(
                form=call.form,
                arguments=call.arguments,
                name=method_name(index),
                adapt=traceable_output if needs_dispatch([call]) else None,
            )
            for index, call in enumerate(calls)
        ]
        compiled = traced_module(module, traced, unit.path, name, self._options, self._context)
        compiled = with_attributes(compiled, module)
        define_method(compiled, source)
        return compiled

    @contextlib.contextmanager
    def _watching_for_bypass(self, unit: Unit) -> Iterator[None]:
        """Report modules that are called although their compiled form is in their place."""
        replaced = {id(inner.module): inner for inner in unit.units}
        seen: set[int] = set()

        def note(module: torch.nn.Module, args: Any) -> None:
            seen.add(id(module))

        handles = []
        if unit.mode == "trace":
            handles = [inner.module.register_forward_pre_hook(note) for inner in unit.units]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
        for key in seen:
            self._context.report(_bypassed(replaced[key]))

    def _report_never_called(self) -> None:
        traced_inside = {id(unit.module) for unit in inner_units(self._plan)} if self._plan is not None else set()
        for path, module in self._watched.items():
            if path and not self._recorder.was_called(module) and self._marks[path] == "trace":
                if id(module) in traced_inside:
                    continue  # said by the failure itself
                self._context.report(_never_called(path, "nothing of it is in the trace"))
            elif path and not self._recorder.was_called(module):
                self._context.report(_never_called(path, "nothing checks its scripted form"))

    def _report_train_mode(self) -> None:
        assert self._root is not None
        names = [
            path for path, module in self._root.named_modules() if module.training and is_training_sensitive(module)
        ]
        if names:
            shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            self._context.report(
                Diagnostic(
                    code="trace.train-mode",
                    severity=Severity.WARNING,
                    message=f"The model is traced in train mode, and these modules differ in it: {shown}.",
                    module=names[0],
                    hint='Set mode = "eval" under [model] (Mode in the window), unless dropout and batch statistics '
                    "are meant to be in the exported file: a trace keeps the mode it was made in.",
                )
            )

    def _report_several_shapes(self, unit: Unit) -> None:
        shapes = sorted({_sizes_text(call) for call in self._recorder.calls(unit.module)})
        if len(shapes) > 1:
            self._context.report(
                Diagnostic(
                    code="trace.several-shapes",
                    severity=Severity.NOTE,
                    message=f"{unit.path} is called with inputs of several shapes ({', '.join(shapes)}); "
                    "its trace was made with the first.",
                    module=unit.path,
                    hint="If a check fails, mark this module as script.",
                )
            )


def _show_attributes(compiled: torch.jit.ScriptModule, original: torch.nn.Module) -> None:
    """Let a traced parent, which is Python while it is traced, read the attributes that were not compiled."""
    kind = type(original)
    names = [*vars(original), *(name for name in dir(kind) if not hasattr(torch.nn.Module, name))]
    for name in names:
        if name.startswith("_") or hasattr(compiled, name):
            continue
        value = getattr(original, name, None)
        if not inspect.isroutine(value):
            compiled.__dict__[name] = value


def _sizes_text(call: Call) -> str:
    return " and ".join("×".join(map(str, size)) or "scalar" for size in call.sizes)


def _never_called(path: str, consequence: str) -> Diagnostic:
    return Diagnostic(
        code="marks.never-called",
        severity=Severity.NOTE,
        message=f"{path} is marked, and was never called with the inputs given: {consequence}.",
        module=path,
        hint="Choose inputs that reach it, or remove its mark.",
    )


def _bypassed(unit: Unit) -> Diagnostic:
    return Diagnostic(
        code="marks.bypassed",
        severity=Severity.WARNING,
        message=f"{unit.path} is marked {unit.mode}, but the model calls it past its place in the tree (from a Python "
        "list, or a reference of its own), so the trace went through its Python code and the mark has no effect there.",
        module=unit.path,
        hint="Call it through its attribute, or keep it in a ModuleList or ModuleDict.",
    )


def _output_changed(output: Any, method: str) -> Diagnostic:
    gone = left_out(output)
    lost = f" Left out: {', '.join(gone[:6])}{' …' if len(gone) > 6 else ''}." if gone else ""
    return Diagnostic(
        code="trace.output-changed",
        severity=Severity.NOTE if not gone or all(row.endswith("(NoneType)") for row in gone) else Severity.WARNING,
        message=f"{method} returns {type(output).__name__}, which TorchScript does not have as it is; with strict off, "
        f"the exported model returns its tensors in the same order, dicts of unlike values as tuples.{lost}",
        module="",
        hint="Read the outputs by their order, or return a tuple of tensors.",
    )
