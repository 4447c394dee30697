"""Which classes of a file are modules, judged by their bases and methods."""

import ast
import re
from collections.abc import Iterator

from .names import Names, module_statements
from .signatures import Function

_NOT_MODULES = {"torch.nn.Parameter", "torch.nn.Buffer", "torch.nn.UninitializedParameter", "torch.nn.ParameterDict"}
_TORCH_MODULES = {"torch.jit.ScriptModule", "torch.fx.GraphModule", "torch.fx.Interpreter"}
_NOT_TORCH = {
    "abc",
    "collections",
    "ctypes",
    "dataclasses",
    "django",
    "enum",
    "equinox",
    "flax",
    "keras",
    "mlx",
    "msgspec",
    "pydantic",
    "sqlmodel",
    "tensorflow",
    "tinygrad",
    "types",
    "typing",
    "unittest",
}
_MODULE_WORDS = re.compile(
    r"(Module|ModuleList|ModuleDict|Sequential|Model|Net|Network|Layer|Block|Backbone|Head|Neck|Encoder|Decoder|"
    r"Attention|Transformer|Embedding|Embeddings|Classifier|Detector|Generator|Discriminator|Mixin|RNN|LSTM|GRU|CNN|"
    r"MLP|Conv|Conv[123]d|Linear|Norm|ViT|UNet|ResNet\w*|VGG\w*|For[A-Z]\w+)\d*$",
    re.IGNORECASE,
)


def names_a_module(full_name: str) -> bool:
    """Whether an imported class is a module, as far as its full name tells."""
    root, _, _ = full_name.partition(".")
    last = full_name.rpartition(".")[2]
    if full_name.startswith("torch."):
        in_nn = full_name.startswith("torch.nn.") and not full_name.startswith(("torch.nn.functional", "torch.nn.init"))
        return full_name in _TORCH_MODULES or (in_nn and last[:1].isupper() and full_name not in _NOT_MODULES)
    is_class_name = last[:1].isupper() or (last[:1] == "_" and last[1:2].isupper())
    return root not in _NOT_TORCH and is_class_name and _MODULE_WORDS.search(last) is not None


class Classes:
    """The module-level classes of a file; a later definition of a name replaces an earlier one, as in Python."""

    def __init__(self, tree: ast.Module, names: Names) -> None:
        self._names = names
        self.by_name: dict[str, ast.ClassDef] = {
            statement.name: statement
            for statement in module_statements(tree.body)
            if isinstance(statement, ast.ClassDef)
        }
        self._modules = self._find_modules()

    def _find_modules(self) -> frozenset[str]:
        found: set[str] = set()
        # A base may be defined after a conditional class of the same file: repeat until nothing is added.
        while added := {name for name in self.by_name.keys() - found if self._has_module_base(name, found)}:
            found |= added
        return frozenset(found)

    def _has_module_base(self, name: str, found: set[str]) -> bool:
        definition = self.by_name[name]
        for base in definition.bases:
            full = self._names.resolve(base.func if isinstance(base, ast.Call) else base)
            if full is None:
                continue
            if full in found or (full != name and full not in self.by_name and names_a_module(full)):
                return True
            if self._names.is_imported(full) and full.partition(".")[0] not in {"torch", *_NOT_TORCH}:
                # Nothing tells what this base is; a forward of its own makes a module likely.
                forward = _own_function(definition, "forward")
                if forward is not None and not is_static(forward):
                    return True
        return False

    def is_module(self, full_name: str) -> bool:
        """Whether a resolved name is a module class, of this file or imported."""
        return full_name in self._modules or (full_name not in self.by_name and names_a_module(full_name))

    def modules(self) -> tuple[ast.ClassDef, ...]:
        """Return the module classes of this file in source order."""
        return tuple(definition for name, definition in self.by_name.items() if name in self._modules)

    def lineage(self, name: str) -> Iterator[ast.ClassDef]:
        """Yield a class of this file and its bases of this file, nearest first."""
        waiting, seen = [name], set()
        while waiting:
            current = waiting.pop(0)
            if current in seen or current not in self.by_name:
                continue
            seen.add(current)
            definition = self.by_name[current]
            yield definition
            waiting += [full for base in definition.bases if (full := self._names.resolve(base)) is not None]

    def function(self, class_name: str, function_name: str) -> Function | None:
        """Return a method of a class, inherited ones of this file included."""
        for definition in self.lineage(class_name):
            if found := _own_function(definition, function_name):
                return found
        return None

    def functions(self, class_name: str) -> dict[str, Function]:
        """Return all methods of a class by name, inherited ones of this file included, its own first."""
        found: dict[str, Function] = {}
        for definition in self.lineage(class_name):
            for statement in module_statements(definition.body):
                if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.setdefault(statement.name, statement)
        return found


def decorator_names(definition: Function | ast.ClassDef) -> tuple[str, ...]:
    """Return the last name of each decorator: ``export`` for ``@torch.jit.export``."""
    found = []
    for decorator in definition.decorator_list:
        expression = decorator.func if isinstance(decorator, ast.Call) else decorator
        match expression:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found.append(name)
    return tuple(found)


def is_static(function: Function) -> bool:
    return not {"staticmethod", "classmethod"}.isdisjoint(decorator_names(function))


def _own_function(definition: ast.ClassDef, name: str) -> Function | None:
    found: Function | None = None
    for statement in module_statements(definition.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name == name:
            # typing.overload comes before the one that runs.
            found = statement
    return found
