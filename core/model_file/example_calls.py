"""Inputs that a model file itself gives its model, in its main block or under a conventional name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..results import EntryOutline
from .classes import Classes
from .names import Names, is_main_guard, module_statements
from .signatures import Function
from .source import ModelSource
from .tensor_expressions import Scope, TensorGuess
from .values import Values, assignments, returned_values

_CONVENTIONS = {
    "dummy_input", "dummy_inputs", "example_input", "example_input_array", "example_inputs", "get_dummy_inputs",
    "get_example_inputs", "get_input", "get_inputs", "get_sample_inputs", "sample_input", "sample_inputs",
}  # fmt: skip
_TAKES_MODEL_AND_INPUTS = {"torch.jit.trace", "torch.onnx.export", "torch.export.export", "thop.profile"}
_TAKES_MODEL_AND_SHAPE = {"torchsummary.summary", "torchinfo.summary"}


@dataclass(frozen=True)
class Example:
    """The arguments of one call, by parameter name."""

    tensors: dict[str, TensorGuess]
    reason: str


def conventional_example(source: ModelSource, entry: EntryOutline) -> Example | None:
    """Return what ``example_inputs``, ``get_inputs()`` or their like give, the definition parsed and not run."""
    names = Names(source.tree)
    constants = dict(assignments(source.tree.body))
    scope = Scope(names, constants)
    places = _conventional_values(source, entry, Classes(source.tree, names))
    for name, line, value, local in places:
        inner = scope.inner(local)
        tensors = _by_parameter(entry, *_spread(value, inner), inner)
        if tensors:
            return Example(tensors, f"the file's own {name} (line {line})")
    return None


def _conventional_values(
    source: ModelSource, entry: EntryOutline, classes: Classes
) -> Iterator[tuple[str, int, ast.expr, dict[str, ast.expr]]]:
    for name, value in assignments(source.tree.body):
        if name.lower() in _CONVENTIONS:
            yield name, value.lineno, value, {}
    bodies = [source.tree.body, *(definition.body for definition in classes.lineage(entry.name.partition(".")[0]))]
    for body in bodies:
        for statement in module_statements(body):
            if isinstance(statement, ast.FunctionDef) and statement.name in _CONVENTIONS:
                local = dict(assignments(statement.body))
                for value in returned_values(statement):
                    yield f"{statement.name}()", statement.lineno, value, local
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                for inner in module_statements(statement.body):
                    match inner:
                        case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in _CONVENTIONS:
                            yield name, value.lineno, value, {}


def example_call(source: ModelSource, entry: EntryOutline) -> Example | None:
    """Return the arguments of the file's own call of an entry: in its main block, else anywhere outside its classes."""
    names = Names(source.tree)
    classes = Classes(source.tree, names)
    values = Values(source.tree, names, classes)
    constants = dict(assignments(source.tree.body))
    modules = _modules_of(source.tree.body, values, {})
    finder = _CallFinder(names, values, entry)
    for place, body in _places(source.tree, values):
        scope = Scope(names, {**constants, **dict(assignments(body))})
        local = {**modules, **_modules_of(body, values, modules)}
        for call in _calls(body):
            arguments = finder.arguments_of(call, local, scope)
            if arguments is None:
                continue
            tensors = _by_parameter(entry, *arguments, scope)
            if tensors:
                return Example(tensors, f"{place} calls it with such a tensor (line {call.lineno})")
    return None


def _modules_of(body: list[ast.stmt], values: Values, known: dict[str, str]) -> dict[str, str]:
    local = dict(known)
    for name, value in assignments(body):
        if (made := values.class_of(value, local)) is not None:
            local[name] = made
    return local


def _places(tree: ast.Module, values: Values) -> Iterator[tuple[str, list[ast.stmt]]]:
    guards = [statement for statement in module_statements(tree.body) if is_main_guard(statement)]
    for guard in guards:
        assert isinstance(guard, ast.If)
        yield "the file's own main block", guard.body
    yield "the file itself", [s for s in tree.body if s not in guards]
    called = {
        node.func.id
        for guard in guards
        for node in ast.walk(guard)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    # Functions that the main block calls come first: the others may be of any use.
    functions = sorted(values.functions.items(), key=lambda item: item[0] not in called)
    for name, function in functions:
        yield f"{name}()", function.body


def _calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    for statement in module_statements(body):
        if isinstance(statement, ast.ClassDef | Function):
            continue
        # A compound statement's own body comes as statements of its own: look at its expressions only.
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr | ast.withitem):
                yield from (node for node in ast.walk(child) if isinstance(node, ast.Call))


class _CallFinder:
    def __init__(self, names: Names, values: Values, entry: EntryOutline) -> None:
        self._names = names
        self._values = values
        self._entry = entry
        owner, _, method = entry.name.partition(".")
        self._method = method if method not in ("", "forward") else None
        made = {"factory": values.factories.get(owner)}.get(entry.kind)
        self._class = owner if made is None else made

    def arguments_of(
        self, call: ast.Call, local: dict[str, str], scope: Scope
    ) -> tuple[list[ast.expr], dict[str, ast.expr]] | None:
        """Return the arguments with which a call runs the entry, None where it runs something else."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if self._is_entry(call.func, local):
            return call.args, keywords
        full = self._names.resolve(call.func) or ""
        if full not in _TAKES_MODEL_AND_INPUTS | _TAKES_MODEL_AND_SHAPE or len(call.args) + len(keywords) < 2:
            return None
        if not (call.args and self._is_entry(call.args[0], local)):
            return None
        given = call.args[1] if len(call.args) > 1 else keywords.get("args", keywords.get("input_size"))
        if given is None:
            given = keywords.get("example_inputs", keywords.get("inputs"))
        if given is None:
            return None
        if full in _TAKES_MODEL_AND_SHAPE:
            # torchsummary leaves the batch out, torchinfo does not.
            sizes = scope.sizes(given)
            batch = [1] if full.startswith("torchsummary") else []
            return None if not sizes else ([_randn([*batch, *sizes])], {})
        return _spread(given, scope)

    def _is_entry(self, expression: ast.expr, local: dict[str, str]) -> bool:
        if self._entry.kind == "function":
            return self._names.resolve(expression) == self._entry.name
        if isinstance(expression, ast.Attribute) and expression.attr == (self._method or "forward"):
            expression = expression.value
        elif self._method is not None:
            return False
        if isinstance(expression, ast.Name) and expression.id == self._entry.name:
            return self._entry.kind == "instance"
        made = self._values.class_of(expression, local)
        if self._entry.kind == "instance":
            return made is not None and made == local.get(self._entry.name)
        return made is not None and made == self._class


def _randn(sizes: list[int]) -> ast.expr:
    text = f"torch.randn({', '.join(map(str, sizes))})"
    return ast.parse(text, mode="eval").body


def _spread(value: ast.expr, scope: Scope) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    """Take ``(x, y)``, ``[x, y]`` and ``{"x": x}`` apart; anything else is one argument."""
    for _ in range(4):
        if isinstance(value, ast.Name) and value.id in scope.values:
            value = scope.values[value.id]
    match value:
        case ast.Tuple(elts=members) | ast.List(elts=members):
            return list(members), {}
        case ast.Dict(keys=keys, values=members):
            pairs = zip(keys, members, strict=True)
            return [], {
                key.value: member
                for key, member in pairs
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            return [], {keyword.arg: keyword.value for keyword in keywords if keyword.arg}
    return [value], {}


def _by_parameter(
    entry: EntryOutline, positional: list[ast.expr], keywords: dict[str, ast.expr], scope: Scope
) -> dict[str, TensorGuess]:
    """Return the tensors by parameter name; nothing where a required parameter gets none that can be read."""
    order = [parameter.name for parameter in entry.signature if parameter.kind == "positional"]
    named = {**dict(zip(order, positional, strict=False)), **keywords}
    if not order and positional and not entry.signature:
        # The signature is not known (an imported class): number the inputs as a person would.
        named |= {f"x{number}" if number else "x": value for number, value in enumerate(positional)}
    tensors = {name: guess for name, value in named.items() if (guess := scope.tensor(value)) is not None}
    required = [p.name for p in entry.signature if p.default is None and p.kind in ("positional", "keyword")]
    return tensors if any(name in tensors for name in required) or not required else {}
