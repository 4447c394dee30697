"""What the package says of itself: the submodule and the line of the user's that each of its values came from."""

import sys
from pathlib import Path
from typing import Any

from ..mil.scopes import Origins, module_map, torch_value_of, walk
from .locating import Location, all_nodes, locate
from .source import Source


def origins_of(program: Any, source: Source, graph: Any, folder: Path | None) -> Origins:
    """Return where the values of an ML program came from; the saved program itself does not tell.

    Args:
        program: as coremltools converted it, in memory.
        graph: the inlined graph that coremltools converted; None where it never asked for one.
        folder: of the recipe; files below it are named as seen from there.
    """
    paths = () if source.module is None else tuple(path for path, _ in source.module.named_modules())
    modules = module_map(program, paths)
    lines: dict[str, tuple[str, int]] = {}
    makers = {} if graph is None else _makers(graph)
    known: dict[str, Location] = {}
    names: dict[str, str] = {}
    for function in program.functions.values():
        for operation in walk(function):
            maker = torch_value_of(operation)
            if operation.op_type == "const" or maker not in makers:
                continue
            place = known.get(maker)
            if place is None:
                place = known[maker] = locate(makers[maker], source.module)
            for variable in operation.outputs:
                if place.module is not None:
                    modules[variable.name] = place.module
                if place.file and place.line:
                    if place.file not in names:
                        names[place.file] = portable_name(place.file, folder)
                    lines[variable.name] = (names[place.file], place.line)
    return Origins(modules, lines)


def _makers(graph: Any) -> dict[str, Any]:
    """Return each value's node by the name that coremltools gives the value.

    What is written into a part of ``x`` becomes a new value there, ``x_internal_tensor_assign_1`` and so on.
    """
    found: dict[str, Any] = {}
    writes: dict[str, int] = {}
    for node in all_nodes(graph):
        found.update({value.debugName(): node for value in node.outputs()})
        if node.kind() in ("aten::copy_", "aten::fill_"):
            target = node.inputsAt(0)
            while target.node().kind() in ("aten::slice", "aten::select"):
                target = target.node().inputsAt(0)
            name = target.debugName()
            writes[name] = writes.get(name, 0) + 1
            found[f"{name}_internal_tensor_assign_{writes[name]}"] = node
    return found


def portable_name(file: str, folder: Path | None) -> str:
    """Return a file's name as the recipe's folder, or Python's search path, has it: others have other folders."""
    path = Path(file)
    roots = [] if folder is None else [folder.absolute()]
    roots += sorted((Path(entry) for entry in sys.path if entry), key=lambda root: -len(root.parts))
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name
