"""What a model file offers for export, found by parsing it: nothing of it runs."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ..errors import fail
from ..results import EntryOutline, Parameter
from .classes import Classes, decorator_names, is_static
from .names import Names, module_statements
from .signatures import Function, dataclass_parameters, first_paragraph, parameters_of
from .source import ModelSource, read_source
from .tensor_functions import looks_like_a_tensor_function
from .values import UNKNOWN_CLASS, Values, assignments

_MODULE_METHODS = {
    "add_module", "apply", "bfloat16", "buffers", "children", "compile", "configure_optimizers", "cpu", "cuda",
    "double", "eval", "extra_repr", "float", "forward", "freeze", "get_buffer", "get_parameter", "get_submodule",
    "half", "init_weights", "initialize_weights", "load", "load_state_dict", "modules", "named_buffers",
    "named_children", "named_modules", "named_parameters", "parameters", "register_buffer", "register_module",
    "register_parameter", "requires_grad_", "reset_parameters", "save", "set_extra_state", "share_memory",
    "state_dict", "test_step", "to", "to_empty", "train", "training_step", "type", "unfreeze", "validation_step",
    "zero_grad",
}  # fmt: skip


def read_outline(path: Path) -> tuple[EntryOutline, ...]:
    """Return what a model file offers, in source order, the methods of a class after it.

    Names with a leading underscore are left out unless the file has no others.

    Raises:
        ExportDeskError: ``call.*``, ``model.*``: there is no such file, or it is not Python; with file and line.
    """
    source = read_source(path)
    try:
        return outline_of(source)
    except RecursionError:
        fail(
            "model.too-deep",
            f"{path.name} nests expressions too deep to be read.",
            file=str(path),
            hint="Split the longest expression into several statements.",
        )


def outline_of(source: ModelSource) -> tuple[EntryOutline, ...]:
    """Return the outline of a file that has been read."""
    rows = _Outline(source).rows()
    public = tuple(row for row in rows if not row.name.startswith("_"))
    return public or rows


def default_entry(outline: tuple[EntryOutline, ...]) -> EntryOutline | None:
    """Return the entry that is meant when none is named, None where the file leaves it open.

    It is the only entry, else the only one that no other entry of the file uses. Where several are left, instances go
    before factories (the author has made the model already), factories before classes, classes before functions, and
    the first kind that the file has must have one member only.
    """
    entries = [row for row in outline if row.kind != "method"]
    unused = [row for row in entries if not row.used_by]
    if len(entries) == 1:
        return entries[0]
    for kind in ("instance", "factory", "class", "function"):
        candidates = [row for row in unused if row.kind == kind]
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


class _Outline:
    def __init__(self, source: ModelSource) -> None:
        self._source = source
        self._names = Names(source.tree)
        self._classes = Classes(source.tree, self._names)
        self._values = Values(source.tree, self._names, self._classes)

    def rows(self) -> tuple[EntryOutline, ...]:
        found = {row.name: row for row in self._top_level()}
        users = self._users(found)
        rows: list[EntryOutline] = []
        for row in sorted(found.values(), key=lambda row: row.line):
            rows.append(msgspec.structs.replace(row, used_by=users.get(row.name, ())))
            if row.kind == "class":
                rows += self._methods(self._classes.by_name[row.name], row.constructor)
        return tuple(rows)

    def _top_level(self) -> Iterator[EntryOutline]:
        for definition in self._classes.modules():
            yield EntryOutline(
                name=definition.name,
                kind="class",
                line=definition.lineno,
                doc=self._class_doc(definition.name),
                constructor=self._constructor(definition.name),
                signature=self._forward(definition.name),
            )
        for function in self._values.functions.values():
            if row := self._function(function):
                yield row
        yield from self._instances()

    def _function(self, function: Function) -> EntryOutline | None:
        parameters = parameters_of(function, self._source, skip_first=False)
        doc = first_paragraph(function)
        if function.name in self._values.factories:
            made = self._values.factories[function.name]
            return EntryOutline(
                name=function.name,
                kind="factory",
                line=function.lineno,
                doc=doc,
                constructor=parameters,
                signature=self._forward(made),
            )
        if not looks_like_a_tensor_function(function, self._names, is_method=False):
            return None
        return EntryOutline(name=function.name, kind="function", line=function.lineno, doc=doc, signature=parameters)

    def _instances(self) -> tuple[EntryOutline, ...]:
        found: dict[str, EntryOutline] = {}
        local: dict[str, str] = {}
        for name, value in assignments(self._source.tree.body):
            # A later assignment of a name replaces what an earlier one made.
            made = self._values.class_of(value, local)
            local.pop(name, None)
            found.pop(name, None)
            if made is not None:
                local[name] = made
                found[name] = EntryOutline(
                    name=name,
                    kind="instance",
                    line=value.lineno,
                    doc=self._class_doc(made),
                    signature=self._forward(made),
                )
            elif isinstance(value, ast.Lambda) and (value.args.args or value.args.posonlyargs):
                signature = parameters_of(value, self._source, skip_first=False)
                found[name] = EntryOutline(name=name, kind="function", line=value.lineno, signature=signature)
        return tuple(found.values())

    def _methods(self, definition: ast.ClassDef, constructor: tuple[Parameter, ...]) -> Iterator[EntryOutline]:
        for name, function in self._classes.functions(definition.name).items():
            if name.startswith("_") or name in _MODULE_METHODS:
                continue
            if not looks_like_a_tensor_function(function, self._names, is_method=True):
                continue
            yield EntryOutline(
                name=f"{definition.name}.{name}",
                kind="method",
                line=function.lineno,
                doc=first_paragraph(function),
                constructor=constructor,
                signature=parameters_of(function, self._source, skip_first=True),
            )

    def _constructor(self, class_name: str) -> tuple[Parameter, ...]:
        fields: list[Parameter] = []
        for definition in self._classes.lineage(class_name):
            own = self._classes.function(definition.name, "__init__") if definition.name == class_name else None
            if own is not None:
                return parameters_of(own, self._source, skip_first=True)
            if "dataclass" in decorator_names(definition):
                fields = [*dataclass_parameters(definition, self._source), *fields]
        return tuple({field.name: field for field in fields}.values())

    def _forward(self, class_name: str) -> tuple[Parameter, ...]:
        if class_name == UNKNOWN_CLASS:
            return ()
        function = self._classes.function(class_name, "forward")
        return () if function is None else parameters_of(function, self._source, skip_first=not is_static(function))

    def _class_doc(self, class_name: str) -> str | None:
        definition = self._classes.by_name.get(class_name)
        return first_paragraph(definition) if definition is not None else None

    def _users(self, entries: dict[str, EntryOutline]) -> dict[str, tuple[str, ...]]:
        """Return, for each entry, the other entries of the file whose definition names it."""
        users: dict[str, list[str]] = {}
        for user, nodes in self._definitions(entries):
            for name in dict.fromkeys(_loaded_names(nodes)):
                if name in entries and name != user:
                    users.setdefault(name, []).append(user)
        return {name: tuple(dict.fromkeys(found)) for name, found in users.items()}

    def _definitions(self, entries: dict[str, EntryOutline]) -> Iterator[tuple[str, Iterable[ast.AST]]]:
        for statement in module_statements(self._source.tree.body):
            if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name in entries:
                yield statement.name, [statement]
        for name, value in assignments(self._source.tree.body):
            if name in entries:
                yield name, [value]


def _loaded_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that definitions read from outside themselves."""
    for root in nodes:
        loaded: dict[str, None] = {}
        bound: set[str] = set()
        for node in ast.walk(root):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    loaded[name] = None
                case ast.Name(id=name) | ast.arg(arg=name):
                    bound.add(name)
        yield from (name for name in loaded if name not in bound)
