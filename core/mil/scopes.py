"""Which submodule, and which line of the user's, a value of the program came from.

coremltools notes the submodule while it converts, and forgets it when the package is saved; so a map is made from the
program in memory and can be carried in the package's own metadata.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

METADATA_KEY = "com.exportdesk.modules"
"""Key of the user-defined metadata that holds the module path of each value as JSON."""
LINES_KEY = "com.exportdesk.lines"
"""Key of the metadata that holds, as JSON, the values of each line of each file: ``{file: {line: [names]}}``."""

_MODULE_SCOPE = "TORCHSCRIPT_MODULE_NAME"
_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Origins:
    """Where values came from, by their names; a value that is not listed came from nowhere that is known."""

    modules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lines: Mapping[str, tuple[str, int]] = dataclasses.field(default_factory=dict)
    """File, as far as it can be told without saying whose machine it was on, and line."""

    @classmethod
    def of_several_functions(cls, origins: "Mapping[str, Origins]") -> "Origins":
        """Return those of several functions as one: values of different functions may have the same name."""
        modules = {
            f"{function}/{name}": path for function, own in origins.items() for name, path in own.modules.items()
        }
        lines = {f"{function}/{name}": place for function, own in origins.items() for name, place in own.lines.items()}
        return cls(modules, lines)

    def of_function(self, function: str) -> "Origins":
        """Return the part that is about one function of a package."""
        return Origins(_of_function(self.modules, function), _of_function(self.lines, function))

    def renamed(self, names: Mapping[str, str]) -> "Origins":
        """Return the same of values that have other names; ``names`` are old to new."""
        return Origins(
            {names.get(name, name): path for name, path in self.modules.items()},
            {names.get(name, name): place for name, place in self.lines.items()},
        )

    def as_metadata(self) -> dict[str, str]:
        """Return the entries of the user-defined metadata that say this; none for what is not known."""
        lines: dict[str, dict[int, list[str]]] = {}
        for name, (file, line) in self.lines.items():
            lines.setdefault(file, {}).setdefault(line, []).append(name)
        tables = {METADATA_KEY: self.modules, LINES_KEY: lines}
        return {key: json.dumps(table, separators=(",", ":")) for key, table in tables.items() if table}


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
        for operation in walk(function):
            parts = scope_of(operation)
            if operation.op_type == "const" or parts is None:
                continue
            for variable in operation.outputs:
                found[variable.name] = _full_path(parts, known)
    return found


def scope_of(operation: Any) -> tuple[str, ...] | None:
    """Return the names of the modules around an operation of coremltools, outermost first; None where not noted."""
    parts = _noted(operation)
    return None if parts is None else parts[:-1]


def torch_value_of(operation: Any) -> str | None:
    """Return the name of the value of the TorchScript graph that an operation of coremltools was made for."""
    parts = _noted(operation)
    return parts[-1] if parts else None


def _noted(operation: Any) -> tuple[str, ...] | None:
    for source, parts in getattr(operation, "scopes", {}).items():
        if getattr(source, "name", "") == _MODULE_SCOPE:
            return tuple(str(part) for part in parts)
    return None


def read_origins(user_defined: Mapping[str, str]) -> Origins:
    """Return what a package says of its values; what it does not say, or says in another way, is left out."""
    modules = {name: path for name, path in _table(user_defined, METADATA_KEY).items() if isinstance(path, str)}
    lines: dict[str, tuple[str, int]] = {}
    for file, values_of in _table(user_defined, LINES_KEY).items():
        for line, names in values_of.items() if isinstance(values_of, dict) else ():
            if isinstance(names, list) and line.isascii() and line.isdigit() and len(line) < 9:
                lines |= {name: (file, int(line)) for name in names if isinstance(name, str)}
    return Origins(modules, lines)


def _table(user_defined: Mapping[str, str], key: str) -> dict[str, Any]:
    try:
        table = json.loads(user_defined.get(key, "{}"))
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def walk(block: Any) -> Iterator[Any]:
    """Yield the operations of a function or block of coremltools, those of nested blocks after their owner."""
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from walk(inner)


def _of_function(table: Mapping[str, _T], function: str) -> dict[str, _T]:
    prefix = f"{function}/"
    own = {name.removeprefix(prefix): one for name, one in table.items() if name.startswith(prefix)}
    return own or {name: one for name, one in table.items() if "/" not in name}


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
