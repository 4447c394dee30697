"""The border to torch.jit, which has no types: the functions and names that the product uses of it, typed here.

Private names of torch that have no public counterpart are used here; tests fail when they move.
"""

import contextlib
import inspect
import io
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

import torch
from torch.jit._trace import TracerWarning

from .autograd_functions import functions_recorded

ScriptFunction: TypeAlias = "torch.jit.ScriptFunction[Any, Any]"
Compiled: TypeAlias = "torch.jit.ScriptModule | ScriptFunction"

_jit: Any = torch.jit
_recursive: Any = torch.jit._recursive

__all__ = [
    "Compiled",
    "ScriptFunction",
    "TracerWarning",
    "annotation_text",
    "canonical_graph",
    "copied_to",
    "define_method",
    "exported",
    "forget_types",
    "inline_calls",
    "load",
    "load_graphs",
    "method_names",
    "method_of",
    "save",
    "schema_of",
    "script",
    "submodules_of",
    "trace",
    "trace_module",
    "type_text",
    "with_attributes",
    "without_optimiser",
    "wrapped",
]


def trace(target: Callable[..., Any], example_inputs: tuple[Any, ...], *, strict: bool) -> Compiled:
    """``torch.jit.trace`` without its check, for which see ``trace_check``."""
    with functions_recorded():
        return cast(Compiled, _jit.trace(target, example_inputs=example_inputs, strict=strict, check_trace=False))


def trace_module(
    module: torch.nn.Module, inputs: dict[str, tuple[Any, ...]], *, strict: bool
) -> torch.jit.ScriptModule:
    """``torch.jit.trace_module`` without its check: several methods of one module, each with its own inputs."""
    with functions_recorded():
        return cast(torch.jit.ScriptModule, _jit.trace_module(module, inputs, strict=strict, check_trace=False))


def script(target: Any) -> Compiled:
    """``torch.jit.script``."""
    return cast(Compiled, _jit.script(target))


def forget_types() -> None:
    """Forget which classes were compiled, and how: an export must not depend on the ones before it.

    torch keeps the compiled form of each class for the life of the process; in a worker that stays, a library class
    would keep the methods that it had the first time.
    """
    store = _recursive.concrete_type_store
    store.type_store.clear()
    store.methods_compiled.clear()


def with_attributes(compiled: torch.jit.ScriptModule, original: torch.nn.Module) -> torch.jit.ScriptModule:
    """Return a trace with the plain attributes of its module and those below: a scripted parent may read them.

    torch leaves them out of a trace, whose own code never reads them.
    """
    script: Any = getattr(compiled, "_actual_script_module", compiled)
    _add_attributes(script, original)
    return wrapped(script._c)


def _add_attributes(script: Any, original: torch.nn.Module) -> None:
    for name, value in vars(original).items():
        if name.startswith("_") or script._c.hasattr(name) or isinstance(value, torch.Tensor):
            continue
        if (kind := _inferred(value)) is not None:
            script._c._register_attribute(name, kind, value)
    for name, child in original._modules.items():
        if child is not None and not isinstance(child, torch.jit.ScriptModule) and name in script._modules:
            inner = script._modules[name]
            _add_attributes(getattr(inner, "_actual_script_module", inner), child)


def inline_calls(compiled: Compiled, method: str) -> None:
    """Bring all functions that a method calls into their inlined form, before it is run ``without_optimiser``.

    torch keeps, for each function, the form in which it first ran, and inlines that form from then on; converters
    expect to find no calls in it (torch 2.13).
    """
    target: Any = getattr(compiled, method) if isinstance(compiled, torch.jit.ScriptModule) else compiled
    _ = target.inlined_graph


def canonical_graph(compiled: Compiled, method: str) -> Any:
    """Return a method's graph with all calls inlined, values named by their order, and without shapes."""
    target: Any = getattr(compiled, method) if isinstance(compiled, torch.jit.ScriptModule) else compiled
    graph = torch._C._jit_pass_canonicalize(target.inlined_graph)
    torch._C._jit_pass_erase_shape_information(graph)
    return graph


def without_optimiser() -> contextlib.AbstractContextManager[None]:
    """Run TorchScript in the block as it is: the optimiser costs more than the few runs that it would speed up.

    The calls in what is run must have been inlined before, see ``inline_calls``.
    """
    return cast("contextlib.AbstractContextManager[None]", _jit.optimized_execution(False))


def define_method(compiled: torch.jit.ScriptModule, source: str) -> None:
    """Compile a method from TorchScript source into a module."""
    cast(Any, compiled).define(source)


def type_text(value: Any) -> str | None:
    """Return the TorchScript type of a value as text, None where it has none."""
    kind = _inferred(value)
    return None if kind is None else str(kind.annotation_str)


def annotation_text(annotation: Any) -> str | None:
    """Return the TorchScript type of a Python annotation as text, None where it has none."""
    try:
        kind = _jit.annotations.try_ann_to_type(annotation, None)
    except Exception:  # an annotation may be anything
        return None
    return None if kind is None else str(kind.annotation_str)


def _inferred(value: Any) -> Any:
    try:
        found = torch._C._jit_try_infer_type(value)
    except Exception:  # an object with an attribute access that raises
        return None
    return found.type() if found.success() else None


@contextlib.contextmanager
def exported(kind: type[torch.nn.Module], methods: Sequence[str]) -> Iterator[None]:
    """Let the script compiler keep some methods for the length of the block, as ``@torch.jit.export`` would."""
    marked: list[Any] = []
    try:
        for name in methods:
            function = inspect.unwrap(getattr(kind, name))
            if name != "forward" and not hasattr(function, "_torchscript_modifier"):
                torch.jit.export(function)
                marked.append(function)
        yield
    finally:
        for function in marked:
            del function._torchscript_modifier


def copied_to(compiled: Compiled, device: str) -> Compiled:
    """Return a copy loaded onto another device, as an app would load the file there."""
    buffer = io.BytesIO()
    with _deprecation_unsaid():
        _jit.save(compiled, buffer)
        buffer.seek(0)
        return cast(Compiled, _jit.load(buffer, map_location=device))


def load(file: Path) -> torch.jit.ScriptModule:
    """``torch.jit.load`` onto the CPU; a saved function comes back as a module, too."""
    with _deprecation_unsaid():
        return cast(torch.jit.ScriptModule, _jit.load(str(file), map_location="cpu"))


def load_graphs(file: Path, *, has_input_shapes: bool = False, extra: dict[str, str] | None = None) -> Any:
    """Return torch's own object of a saved module, to be read and not called: a third of a load goes into wrapping it.

    Args:
        has_input_shapes: the inputs of a traced model have the sizes again that it was traced with.
        extra: further files of the archive by name; what they hold is put in, where the archive has them.
    """
    extra = {} if extra is None else extra
    try:
        # Private, and the only way: torch.jit.save keeps the sizes of a trace's inputs and load drops them.
        internals: Any = torch._C  # its type stubs lack the last argument
        unit = internals.CompilationUnit()
        return internals.import_ir_module(unit, str(file), torch.device("cpu"), extra, has_input_shapes)
    except (RuntimeError, TypeError, AttributeError):
        return load(file)._c


def wrapped(handle: Any) -> torch.jit.ScriptModule:
    """Return torch's own object of a module as one that can be called."""
    return cast(torch.jit.ScriptModule, _recursive.wrap_cpp_module(handle))


def submodules_of(handle: Any) -> Iterator[Any]:
    """Yield torch's own objects of a module and of all below it."""
    yield handle
    for _, child in torch._C.ModuleDict(handle).items():
        yield from submodules_of(child)


def method_names(module: torch.jit.ScriptModule) -> list[str]:
    """Return the names of a module's TorchScript methods; a container has some with underscores, which it must keep."""
    return list(cast(Any, module)._c._method_names())


def method_of(module: torch.jit.ScriptModule, name: str) -> Any:
    """Return a TorchScript method, with its code and graphs; getattr gives Python's ``__len__`` for a container's."""
    return cast(Any, module)._c._get_method(name)


def save(compiled: Compiled, file: Path, extra: Mapping[str, bytes]) -> None:
    """``torch.jit.save``, with further files in the archive."""
    with _deprecation_unsaid():
        _jit.save(_with_defaults(compiled), str(file), _extra_files=dict(extra))


def _with_defaults(compiled: Compiled) -> Compiled:
    """Return a module that calls a function which has defaults: torch (2.13) saves a function without them."""
    if isinstance(compiled, torch.jit.ScriptModule):
        return compiled
    rows = [(row.name, row.type.annotation_str, row) for row in schema_of(compiled).arguments]
    if not any(row.has_default_value() for _, _, row in rows):
        return compiled
    shown = ", ".join(
        f"{name}: {kind}" + (f" = {_literal(row.default_value)}" if row.has_default_value() else "")
        for name, kind, row in rows
    )
    function_to_call = compiled  # the compiler looks for this name in this frame
    module: Any = _jit.script(torch.nn.Module())
    given = ", ".join(name for name, _, _ in rows)
    module.define(f"def forward(self, {shown}):\n    return function_to_call({given})\n")
    assert function_to_call is compiled
    return cast(Compiled, module)


def _literal(value: Any) -> str:
    return f'float("{value}")' if isinstance(value, float) and not math.isfinite(value) else repr(value)


@contextlib.contextmanager
def _deprecation_unsaid() -> Iterator[None]:
    """Keep torch.jit's deprecation notice from a model file that has made warnings errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def schema_of(compiled: Compiled, method: str = "forward") -> Any:
    """Return the schema of a method or function; its ``arguments`` begin with ``self`` for a module."""
    target: Any = getattr(compiled, method) if isinstance(compiled, torch.jit.ScriptModule) else compiled
    return target.schema
