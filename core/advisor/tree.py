"""The submodules that can be marked, and how they lie in each other."""

from collections.abc import Iterator

import torch

from ..model_file.module_tree import has_forward


def members(root: torch.nn.Module, path: str) -> Iterator[str]:
    """Return the nearest submodules below ``path`` that have a ``forward``, containers without one looked through."""
    module = root.get_submodule(path) if path else root
    for name, child in module.named_children():
        child_path = f"{path}.{name}" if path else name
        if isinstance(child, torch.jit.ScriptModule):
            continue
        if has_forward(child):
            yield child_path
        else:
            yield from members(root, child_path)


def parent_of(root: torch.nn.Module, path: str) -> str | None:
    """Return the nearest module above that has a ``forward``; None above the root."""
    while path:
        path = path.rpartition(".")[0]
        if not path or has_forward(root.get_submodule(path)):
            return path
    return None


def common_parent(root: torch.nn.Module, one: str, other: str) -> str:
    """Return the deepest module with a ``forward`` that is, or contains, both; ``""`` for the model."""
    shared = []
    for part, other_part in zip(one.split("."), other.split("."), strict=False):
        if part != other_part:
            break
        shared.append(part)
    path = ".".join(shared)
    return path if not path or has_forward(root.get_submodule(path)) else parent_of(root, path) or ""


def is_below(path: str, above: str) -> bool:
    """Whether ``path`` lies inside of ``above`` (and is not the same)."""
    return path != above and (above == "" or path.startswith(above + "."))
