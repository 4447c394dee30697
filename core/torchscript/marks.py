"""Marks resolved against a model: which submodules are compiled on their own, and how."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ..errors import fail
from ..model_file.module_tree import has_forward, type_name
from ..recipe.model import Mark


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A submodule that is compiled on its own, with the units directly below it; the root is one."""

    path: str
    """First path at which the module is found."""
    module: torch.nn.Module
    mode: Mark
    units: tuple["Unit", ...]
    places: tuple[tuple[torch.nn.Module, str], ...]
    """Each parent (within the enclosing unit) and name under which the module is found; empty for the root."""


def plan_units(root: torch.nn.Module, marks: dict[str, Mark]) -> Unit:
    """Resolve marks to the tree of units.

    A submodule whose mode differs from its parent's is a unit. An object at several paths has one mark. Modules that
    are TorchScript already are left as they are.

    Raises:
        ExportDeskError: ``call.mark`` for an unknown path, a module without ``forward``, or two different marks on
            one object.
    """
    by_object = _marks_by_object(root, marks)
    return _plan(root, "", by_object.get(id(root), "trace"), by_object, ())


def inner_units(unit: Unit) -> Iterator[Unit]:
    """Return all units below a unit."""
    for inner in unit.units:
        yield inner
        yield from inner_units(inner)


def marked_modules(root: torch.nn.Module, marks: dict[str, Mark]) -> dict[str, torch.nn.Module]:
    """Return the modules that have a mark of their own, by path."""
    modules = dict(root.named_modules(remove_duplicate=False))
    return {path: modules[path] for path in marks}


def modes(root: torch.nn.Module, marks: dict[str, Mark]) -> dict[str, str]:
    """Return the mode with which each module is compiled, by path; containers and TorchScript members left out."""
    by_object = _marks_by_object(root, marks)
    found: dict[str, str] = {}

    def visit(module: torch.nn.Module, path: str, inherited: str) -> None:
        mode = by_object.get(id(module), inherited)
        if isinstance(module, torch.jit.ScriptModule) and path:
            return
        if has_forward(module):
            found[path] = mode
        for name, child in module._modules.items():
            if child is not None:
                visit(child, f"{path}.{name}" if path else name, mode)

    visit(root, "", "trace")
    return found


def _marks_by_object(root: torch.nn.Module, marks: dict[str, Mark]) -> dict[int, Mark]:
    modules = dict(root.named_modules(remove_duplicate=False))
    found: dict[int, tuple[str, Mark]] = {}
    for path, mark in marks.items():
        module = modules.get(path)
        if module is None:
            near = difflib.get_close_matches(path, list(modules), n=1)
            fail(
                "call.mark",
                f"The model has no submodule {path!r} to mark as {mark}.",
                module=path,
                hint=f"Did you mean {near[0]!r}?" if near else "`exportdesk inspect` lists the submodules.",
            )
        if path and isinstance(module, torch.jit.ScriptModule):
            fail(
                "call.mark",
                f"{path!r} is TorchScript already when the model is loaded, and takes no mark.",
                module=path,
                hint="Remove the mark: the module is kept as it is.",
            )
        if not has_forward(module):
            fail(
                "call.mark",
                f"{path!r} is a {type_name(module)}, which has no forward method of its own and cannot be marked.",
                module=path,
                hint="Mark its members, or the module above it.",
            )
        earlier_path, earlier = found.setdefault(id(module), (path, mark))
        if earlier != mark:
            fail(
                "call.mark",
                f"{path!r} and {earlier_path!r} are one and the same module, marked {mark} and {earlier}.",
                module=path,
                hint="A shared module has one mark: leave one of the two out.",
            )
    return {key: mark for key, (_, mark) in found.items()}


def _plan(
    module: torch.nn.Module,
    path: str,
    mode: Mark,
    by_object: dict[int, Mark],
    places: tuple[tuple[torch.nn.Module, str], ...],
) -> Unit:
    below: dict[int, tuple[str, torch.nn.Module, Mark, list[tuple[torch.nn.Module, str]]]] = {}
    seen = {id(module)}

    def visit(parent: torch.nn.Module, parent_path: str) -> None:
        for name, child in parent._modules.items():
            if child is None or isinstance(child, torch.jit.ScriptModule):
                continue
            child_path = f"{parent_path}.{name}" if parent_path else name
            child_mode = by_object.get(id(child), mode)
            if child_mode != mode:
                below.setdefault(id(child), (child_path, child, child_mode, []))[3].append((parent, name))
            elif id(child) not in seen:
                seen.add(id(child))
                visit(child, child_path)

    visit(module, path)
    units = tuple(
        _plan(child, child_path, child_mode, by_object, tuple(child_places))
        for child_path, child, child_mode, child_places in below.values()
    )
    return Unit(path=path, module=module, mode=mode, units=units, places=places)
