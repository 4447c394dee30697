"""Which submodule a value of the program came from.

coremltools notes it while it converts, and forgets it when the package is saved; so the map is made from the program in
memory and can be carried in the package's own metadata.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

METADATA_KEY = "com.exportdesk.modules"
"""Key of the user-defined metadata that holds the map as JSON."""

_MODULE_SCOPE = "TORCHSCRIPT_MODULE_NAME"


def module_map(program: Any, paths: Mapping[str, Any] | tuple[str, ...] = ()) -> dict[str, str]:
    """Return the module path of every value of a program in memory, constants left out; "" is the model itself.

    Args:
        program: a coremltools MIL ``Program``, or an ``MLModel`` that still has its own.
        paths: the real module paths. The converter leaves out containers that are never called (``layers.0.norm`` is
            noted as ``0.norm``); with the paths known, the full one is found where only one fits.
    """
    source = getattr(program, "_mil_program", None) or program
    known = _by_last_part(tuple(paths))
    found: dict[str, str] = {}
    for function in source.functions.values():
        for operation in _walk(function):
            parts = scope_of(operation)
            if operation.op_type == "const" or parts is None:
                continue
            for variable in operation.outputs:
                found[variable.name] = _full_path(parts, known)
    return found


def scope_of(operation: Any) -> tuple[str, ...] | None:
    """Return the names of the modules around an operation of coremltools, outermost first; None where not noted."""
    for source, parts in getattr(operation, "scopes", {}).items():
        if getattr(source, "name", "") == _MODULE_SCOPE:
            # The last part is the value of the TorchScript graph, not a module.
            return tuple(str(part) for part in parts[:-1])
    return None


def read_module_map(user_defined: Mapping[str, str]) -> dict[str, str]:
    """Return the map that a package carries; empty where it carries none, or nonsense."""
    try:
        table = json.loads(user_defined.get(METADATA_KEY, "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(table, dict):
        return {}
    return {name: path for name, path in table.items() if isinstance(path, str)}


def of_several_functions(maps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return one map of several functions' maps: values of different functions may have the same name."""
    return {f"{function}/{value}": path for function, own in maps.items() for value, path in own.items()}


def modules_of_function(table: Mapping[str, str], function: str) -> dict[str, str]:
    """Return the part of a package's map that is about one function."""
    prefix = f"{function}/"
    own = {name.removeprefix(prefix): path for name, path in table.items() if name.startswith(prefix)}
    return own or {name: path for name, path in table.items() if "/" not in name}


def _walk(block: Any) -> Iterator[Any]:
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _walk(inner)


def _by_last_part(paths: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    known: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        parts = tuple(path.split("."))
        known.setdefault(parts[-1], []).append(parts)
    return known


def _full_path(parts: tuple[str, ...], known: dict[str, list[tuple[str, ...]]]) -> str:
    joined = ".".join(parts)
    if not parts:
        return ""
    candidates = [path for path in known.get(joined.rpartition(".")[2], []) if _is_within(joined.split("."), path)]
    exact = [path for path in candidates if ".".join(path) == joined]
    return ".".join(candidates[0]) if len(candidates) == 1 and not exact else joined


def _is_within(parts: list[str], path: tuple[str, ...]) -> bool:
    """Whether ``path`` is ``parts`` with more names in between."""
    rest = iter(path)
    return all(part in rest for part in parts)
