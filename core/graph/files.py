"""Reads the graph of a saved file, and says what is wrong with a file that has none."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ExportDeskError, fail
from .model import Graph

if TYPE_CHECKING:
    from ..recipe.model import Input
    from ..torchscript.recorded_inputs import RecordedCall

SUFFIXES = (".pt", ".pth", ".ts", ".pt2", ".mlpackage", ".mlmodel")


def graph_of_file(
    path: Path,
    *,
    is_folded: bool = True,
    has_shapes: bool = True,
    inputs: "Sequence[Input]" = (),
    checkpoint: Callable[[], None] = lambda: None,
) -> Graph:
    """Return the graph of a TorchScript file, a program of torch.export or a Core ML package.

    Args:
        is_folded: constants, list building and attribute access are no nodes of their own.
        has_shapes: find the shapes that a TorchScript file does not keep; without them it is quicker.
        inputs: what ``forward`` of a TorchScript file is called with; shapes follow from them.
        checkpoint: called now and then; may raise Cancelled.

    Raises:
        ExportDeskError: ``call.file``, ``call.unknown-kind``, ``graph.*`` where the file is damaged.
    """
    require_file(path)
    if path.suffix in (".mlpackage", ".mlmodel") or (path / "Manifest.json").is_file():
        _refuse_inputs(inputs, path)
        return _of_package(path, is_folded, checkpoint)
    if path.is_dir():
        fail(
            "call.unknown-kind",
            f"{path.name} is a folder without a Manifest.json, and no Core ML package.",
            file=str(path),
            hint="Give a TorchScript file (.pt) or a Core ML package (.mlpackage).",
        )
    names = _names_inside(path)
    if any(name == "archive_format" or name.startswith("models/") for name in names):
        _refuse_inputs(inputs, path)
        return _of_exported(path, is_folded, checkpoint)
    script = _loaded(path, names, has_shapes=has_shapes)
    return _of_torchscript(script, path, is_folded, has_shapes, inputs, checkpoint)


def _refuse_inputs(inputs: "Sequence[Input]", path: Path) -> None:
    if inputs:
        fail("call.option", f"--input is for TorchScript files; {path.name} says itself what it takes.", file=str(path))


def require_file(path: Path) -> None:
    """Refuse what is neither a file nor a folder: a pipe would be waited for, and a device read for ever.

    Raises:
        ExportDeskError: ``call.file``.
    """
    if not path.exists():
        fail("call.file", f"There is no file {path}.", file=str(path), hint="Check the path.")
    if not path.is_file() and not path.is_dir():
        fail("call.file", f"{path} is no file.", file=str(path), hint="Check the path.")


def require_names(handle: Any, method: str, inputs: "Sequence[Input]", path: Path) -> list[str]:
    """Return the names of a method's arguments, which those of the inputs must be among.

    Raises:
        ExportDeskError: ``call.unknown-input``.
    """
    names = [argument.name for argument in handle._get_method(method).schema.arguments][1:]
    for item in inputs:
        if item.name not in names:
            fail(
                "call.unknown-input",
                f"{path.name} has no input “{item.name}”.",
                file=str(path),
                hint=f"It has: {', '.join(names) or 'none'}.",
            )
    return names


def _of_exported(path: Path, is_folded: bool, checkpoint: Callable[[], None]) -> Graph:
    from ..errors import Cancelled
    from .exported import graph_of_exported

    try:
        return graph_of_exported(path, is_folded=is_folded, checkpoint=checkpoint)
    except (ExportDeskError, Cancelled):
        raise
    except Exception as error:
        # torch reads the file with its own classes, and fails on a damaged one in any way.
        fail(
            "graph.damaged",
            f"torch.export cannot load {path.name}: {_first_line(error)}",
            file=str(path),
            hint="Export it again, or copy it again if it was cut off on the way.",
            cause=error,
        )


def _of_package(path: Path, is_folded: bool, checkpoint: Callable[[], None]) -> Graph:
    from ..mil.package import read_package
    from .mil import graph_of_package

    try:
        package = read_package(path)
        return graph_of_package(package, path.name, is_folded=is_folded, checkpoint=checkpoint)
    except ExportDeskError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError, MemoryError) as error:
        fail(
            "graph.damaged",
            f"{path.name} cannot be read as a Core ML program; it is damaged or written in a way we do not know.",
            file=str(path),
            cause=error,
        )


@dataclass(frozen=True, kw_only=True)
class ReadableScript:
    """A TorchScript file that torch could load."""

    handle: Any
    """torch's own object of the module; a trace has the sizes of its inputs again."""
    calls: "Mapping[str, RecordedCall]"
    """What the file says that its methods are called with; only files of ExportDesk say it."""


def readable_script(path: Path) -> ReadableScript:
    """Load a TorchScript file in order to read it.

    Raises:
        ExportDeskError: ``graph.*``, with what is wrong with the file.
    """
    return _loaded(path, _names_inside(path), has_shapes=True)


def _loaded(path: Path, names: Sequence[str], *, has_shapes: bool) -> ReadableScript:
    if "constants.pkl" not in names and not any(name.startswith("code/") for name in names):
        _refuse_other_archive(path, names)
    # Only a trace keeps the sizes of its inputs; asked for others, torch complains on standard error.
    has_input_shapes = "traced_inputs.pkl" in names and has_shapes
    from ..torchscript.recorded_inputs import RECORD, recorded_calls
    from ..torchscript.torch_jit import load_graphs

    extra = {RECORD: ""} if has_shapes else {}
    try:
        handle = load_graphs(path, has_input_shapes=has_input_shapes, extra=extra)
    except (RuntimeError, ValueError, OSError, TypeError, AttributeError, MemoryError, EOFError) as error:
        fail(
            "graph.damaged",
            f"torch cannot load {path.name}: {_first_line(error)}",
            file=str(path),
            hint="Export it again, or copy it again if it was cut off on the way.",
            cause=error,
        )
    return ReadableScript(handle=handle, calls=recorded_calls(extra.get(RECORD, "")))


def _of_torchscript(
    script: ReadableScript,
    path: Path,
    is_folded: bool,
    has_shapes: bool,
    inputs: "Sequence[Input]",
    checkpoint: Callable[[], None],
) -> Graph:
    from ..torchscript.recorded_inputs import RecordedCall
    from .torchscript import graph_of_module

    calls = script.calls
    try:
        if inputs:
            require_names(script.handle, "forward", inputs, path)
            calls = {"forward": RecordedCall(keyword=tuple(inputs))}
        return graph_of_module(
            script.handle, path.name, is_folded=is_folded, has_shapes=has_shapes, calls=calls, checkpoint=checkpoint
        )
    except (RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        fail(
            "graph.unreadable",
            f"The graph of {path.name} is built in a way that ExportDesk does not know: {_first_line(error)}",
            file=str(path),
            cause=error,
        )


def _names_inside(path: Path) -> list[str]:
    """Return the names in an archive of torch, below its one folder; say what is wrong with what is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.partition("/")[2] for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        size = path.stat().st_size
        begins = b""
        if size:
            with path.open("rb") as file:
                begins = file.read(4)
        if begins[:2] == b"PK":
            fail(
                "graph.truncated",
                f"{path.name} is cut off or damaged: it begins as a TorchScript file and has no end.",
                file=str(path),
                hint="Copy or export it again.",
                cause=error,
            )
        fail(
            "graph.not-torchscript",
            f"{path.name} is {'empty' if not size else 'no TorchScript file'}.",
            file=str(path),
            hint="Give a file that torch.jit.save wrote, or a Core ML package (.mlpackage).",
            cause=error,
        )


def _refuse_other_archive(path: Path, names: Sequence[str]) -> NoReturn:
    if "data.pkl" in names:
        what = "saved by torch.save: weights or a whole Python object, without a graph"
        hint = "Trace or script the model (exportdesk export FILE.py), and open that file."
    else:
        what, hint = "a zip file, and no TorchScript file", "Give a file that torch.jit.save wrote."
    fail("graph.not-torchscript", f"{path.name} is {what}.", file=str(path), hint=hint)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
