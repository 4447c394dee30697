"""``torch.export``'s own functions, without what torch warns itself of."""

import contextlib
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    # torch.export takes half a second to import, and most exports do without it.
    from torch.export import ExportedProgram


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    with warnings.catch_warnings():
        # torch 2.13 uses what it has deprecated itself.
        warnings.simplefilter("ignore", FutureWarning)
        yield


def export(
    module: torch.nn.Module, positional: tuple[Any, ...], keyword: dict[str, Any], shapes: Any
) -> "ExportedProgram":
    """Return the program of a module; ``shapes`` say which dimensions are flexible."""
    from torch.export import export as make

    with _unwarned():
        return make(module, positional, keyword or None, dynamic_shapes=shapes, strict=False)


def save(program: "ExportedProgram", file: Path) -> None:
    """Write a ``.pt2`` file."""
    from torch.export import save as write

    with _unwarned():
        write(program, file)


def load(file: Path) -> "ExportedProgram":
    """Read a ``.pt2`` file; nothing of it is run."""
    from torch.export import load as read

    with _unwarned():
        return read(file)


def module_of(program: "ExportedProgram") -> torch.nn.Module:
    """Return what can be called like the model."""
    with _unwarned():
        return program.module()


def decomposed(program: "ExportedProgram", operations: Collection[Any] = ()) -> "ExportedProgram":
    """Return the program without writes in place, and with some operations made of simpler ones."""
    from torch.export import default_decompositions

    with _unwarned():
        known = default_decompositions() if operations else {}
        made: ExportedProgram = program.run_decompositions({operation: known[operation] for operation in operations})
        return made


def decomposable() -> list[Any]:
    """Return the operations that torch knows how to make of others."""
    from torch.export import default_decompositions

    with _unwarned():
        return list(default_decompositions())
