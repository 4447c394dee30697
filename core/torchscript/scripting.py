"""``torch.jit.script`` of a module or function, with its errors at the user's line."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from ..errors import ExportDeskError, fail
from ..job_context import JobContext
from ..model_file.module_tree import type_name
from .compile_errors import fail_to_script
from .script_signatures import is_about_optional, signatures_completed
from .torch_jit import Compiled, exported, forget_types, script


def scripted_module(
    module: torch.nn.Module, methods: Sequence[str], path: str, context: JobContext
) -> torch.jit.ScriptModule:
    """Script a module with some of its methods, as if each had ``@torch.jit.export``.

    Raises:
        ExportDeskError: ``script.*``.
    """
    with _script_errors(path, module), exported(type(module), methods):
        compiled = _scripted(module)
    assert isinstance(compiled, torch.jit.ScriptModule)
    for method in methods:
        if not hasattr(compiled, method):
            fail(
                "script.method",
                f"{type_name(module)}.{method} was not compiled.",
                module=path,
                hint="A method that is marked @torch.jit.ignore or @torch.jit.unused cannot be exported.",
            )
    return compiled


def scripted_function(function: Callable[..., Any], name: str) -> Compiled:
    """Script a function."""
    with _script_errors("", None, name):
        return _scripted(function)


def _scripted(target: Any) -> Compiled:
    try:
        with signatures_completed(none_is_optional=True):
            return script(target)
    except Exception as error:
        forget_types()
        try:
            with signatures_completed(none_is_optional=False):
                return script(target)
        except Exception:
            if is_about_optional(str(error)):
                raise
        raise


@contextlib.contextmanager
def _script_errors(path: str, module: torch.nn.Module | None, name: str = "") -> Iterator[None]:
    try:
        yield
    except ExportDeskError:
        raise
    except Exception as error:
        fail_to_script(error, path, name or ("" if module is None else type_name(module)), module)
