"""From the name of an entry to the object that it stands for."""

import difflib
import functools
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import torch

from ..errors import fail
from ..recipe.model import Recipe
from ..results import EntryOutline
from .construction import call_with_arguments
from .outline import default_entry


def only_entry(file: Path, outline: tuple[EntryOutline, ...]) -> str:
    """Return the name of the entry that is meant where none is named, or fail."""
    entry = default_entry(outline)
    if entry is None:
        names = ", ".join(row.name for row in outline if row.kind != "method")
        fail(
            "call.entry",
            f"{file.name} has several entries, and none was chosen: {names}."
            if names
            else f"{file.name} has nothing that looks like a model.",
            file=str(file),
            hint=f"Write {file.name}:NAME, with one of these names."
            if names
            else "An entry is a subclass of torch.nn.Module, a function, or an instance at the top level of the file.",
        )
    return entry.name


def resolve_entry(
    namespace: ModuleType, name: str, file: Path, outline: tuple[EntryOutline, ...], recipe: Recipe
) -> tuple[Any, str]:
    """Return the module or function of an entry, and the method that it names.

    ``Net`` makes a module, and so does a factory; what stands behind a dot is looked for on what was made: a method
    (``Net.encode``), a submodule (``make_net.encoder``), a member (``nets.0``), and a method of that.

    Raises:
        ExportDeskError: ``call.entry``, ``call.arguments``, ``model.construction``.
    """
    kinds = {row.name: row.kind for row in outline}
    found: Any = namespace
    arguments, parts = dict(recipe.model.arguments), name.split(".")
    for index, part in enumerate(parts):
        path = ".".join(parts[: index + 1])
        if index and _is_made_first(found, part, kinds.get(".".join(parts[:index])), recipe):
            found, arguments = _make(found, ".".join(parts[:index]), "factory", arguments, file), {}
        try:
            found = found[int(part)] if part.isdigit() else getattr(found, part)
        except Exception:
            _fail_to_find(path, name, file, outline)
    owner = getattr(found, "__self__", None)
    if isinstance(owner, torch.nn.Module) and inspect.ismethod(found):
        if arguments:
            fail("call.arguments", f"{name} is made already, and takes no arguments.", file=str(file))
        return owner, found.__func__.__name__ if hasattr(type(owner), found.__func__.__name__) else parts[-1]
    kind = kinds.get(name)
    if kind not in ("factory", "class") and _is_called_to_make_the_model(found, recipe):
        kind = "factory"
    return _make(found, name, kind, arguments, file), "forward"


def _is_made_first(found: Any, part: str, kind: str | None, recipe: Recipe) -> bool:
    """Whether ``part`` is looked for on what a class or factory makes, rather than on itself."""
    if isinstance(found, type):
        return issubclass(found, torch.nn.Module) and not isinstance(getattr(found, part, None), type)
    return inspect.isfunction(found) and not hasattr(found, part)


def _fail_to_find(path: str, name: str, file: Path, outline: tuple[EntryOutline, ...]) -> NoReturn:
    names = [row.name for row in outline]
    near = difflib.get_close_matches(name, names, n=1)
    fail(
        "call.entry",
        f"{file.name} has no {path!r}.",
        file=str(file),
        hint=f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(names) or 'nothing to export'}.",
    )


def _is_called_to_make_the_model(found: Any, recipe: Recipe) -> bool:
    """Whether a function is a factory by the way the recipe uses it: it has no parameter for any of the inputs.

    What a function returns cannot always be read from its text (``return RAFT()`` with a class from another file).
    """
    if not inspect.isfunction(found) and not isinstance(found, functools.partial):
        return False
    parameters = inspect.signature(found).parameters
    takes_any = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values())
    return not parameters or (
        not takes_any and bool(recipe.inputs) and not any(item.name in parameters for item in recipe.inputs)
    )


def _make(found: Any, name: str, kind: str | None, arguments: dict[str, Any], file: Path) -> Any:
    """Return the module or function that an entry stands for, constructing it where it is a class or a factory."""
    if isinstance(found, type):
        if not issubclass(found, torch.nn.Module):
            fail(
                "call.entry",
                f"{name} is a class, but not a torch.nn.Module.",
                file=str(file),
                hint="Name a subclass of torch.nn.Module, a function that returns one, or a function of tensors.",
            )
        return call_with_arguments(found, name, arguments, file)
    is_plain_function = inspect.isroutine(found) and not isinstance(found, torch.jit.ScriptFunction)
    if (is_plain_function or isinstance(found, functools.partial)) and (kind == "factory" or arguments):
        made = call_with_arguments(found, name, arguments, file)
        if not isinstance(made, torch.nn.Module) and not callable(made):
            fail(
                "model.factory",
                f"{name}() returned {type(made).__name__}, not a model.",
                file=str(file),
                hint="A factory returns a torch.nn.Module.",
            )
        return made
    if isinstance(found, torch.nn.Module) or callable(found):
        if arguments:
            fail("call.arguments", f"{name} is made already, and takes no arguments.", file=str(file))
        return found
    return fail("call.entry", f"{name} is {type(found).__name__}, which cannot be exported.", file=str(file))
