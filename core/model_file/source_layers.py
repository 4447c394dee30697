"""The layers that an entry's input meets, in the order of ``forward``, read from the source."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from ..results import EntryOutline
from .classes import Classes
from .layers import LAYER_ATTRIBUTES, LayerRow, Value
from .names import Names, module_statements
from .signatures import Function
from .source import ModelSource
from .tensor_expressions import Scope
from .values import Values, assignments, returned_values

_DEEPEST = 12
_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation")
_POOL = ("kernel_size", "stride", "padding")
_POSITIONAL: dict[str, tuple[str, ...]] = {
    "Linear": ("in_features", "out_features"),
    "Bilinear": ("in1_features",),
    "Embedding": ("num_embeddings", "embedding_dim"),
    "EmbeddingBag": ("num_embeddings", "embedding_dim"),
    "MultiheadAttention": ("embed_dim",),
    "TransformerEncoderLayer": ("d_model",),
    "TransformerDecoderLayer": ("d_model",),
    "Transformer": ("d_model",),
    "LayerNorm": ("normalized_shape",),
    "RMSNorm": ("normalized_shape",),
    "GroupNorm": ("", "num_channels"),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), ("input_size", "hidden_size")),
    **dict.fromkeys(
        ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d"), ("num_features",)
    ),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _CONVOLUTION),
    **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"), _CONVOLUTION),
    **dict.fromkeys(("MaxPool2d", "AvgPool2d"), _POOL),
    **dict.fromkeys(("AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AdaptiveAvgPool1d"), ("output_size",)),
}
_FUNCTIONAL = {
    "max_pool2d": ("MaxPool2d", 2),
    "avg_pool2d": ("AvgPool2d", 2),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", 9),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", 9),
}
"""Functions of torch.nn.functional that change an image's size, and the layer that does the same."""


class SourceLayers:
    """Finds the layers that each parameter of an entry is given to."""

    def __init__(self, source: ModelSource) -> None:
        self._names = Names(source.tree)
        self._classes = Classes(source.tree, self._names)
        self._values = Values(source.tree, self._names, self._classes)
        self._constants = dict(assignments(source.tree.body))
        self._scope = Scope(self._names, self._constants)

    def rows(self, entry: EntryOutline, parameter: str | None, arguments: Mapping[str, Any]) -> tuple[LayerRow, ...]:
        """Return the layers from the one that takes ``parameter`` on; the first parameter where it is None.

        Args:
            entry: any kind of entry but a function.
            parameter: a name of its signature.
            arguments: what the constructor or factory is given, by name.
        """
        owner, _, method = entry.name.partition(".")
        given = {name: _literal(value) for name, value in arguments.items()}
        match entry.kind:
            case "class" | "method":
                return tuple(self._of_class(owner, given, parameter, "", method or "forward", 0))
            case "factory" if owner in self._values.functions:
                function = self._values.functions[owner]
                values = {**_defaults(function), **given, **dict(assignments(function.body))}
                return self._first(returned_values(function), self._scope.inner(values), parameter)
            case "instance" if owner in self._constants:
                return self._first(iter([self._constants[owner]]), self._scope, parameter)
        return ()

    def _first(self, expressions: Iterator[ast.expr], scope: Scope, parameter: str | None) -> tuple[LayerRow, ...]:
        for expression in expressions:
            if rows := tuple(self._of_expression(expression, scope, "", 0, parameter)):
                return rows
        return ()

    def _of_class(
        self, name: str, given: dict[str, ast.expr], parameter: str | None, path: str, method: str, depth: int
    ) -> Iterator[LayerRow]:
        forward = self._classes.function(name, method)
        if forward is None or depth > _DEEPEST:
            return
        members: dict[str, ast.expr] = {}
        values: dict[str, ast.expr] = {}
        for definition in reversed(list(self._classes.lineage(name))):
            values |= dict(assignments(definition.body))
        init = self._classes.function(name, "__init__")
        if init is not None:
            values |= {**_defaults(init), **given, **_not_given(dict(assignments(init.body)), given)}
            members = dict(_members(init))
        # self.width in __init__ is a value as well as a member.
        scope = self._scope.inner({**values, **{f"self.{key}": value for key, value in members.items()}})
        names = [argument.arg for argument in [*forward.args.posonlyargs, *forward.args.args][1:]]
        wanted = parameter or (names[0] if names else "")
        yield from self._of_forward(forward, wanted, members, scope, path, depth)

    def _of_forward(
        self, forward: Function, parameter: str, members: dict[str, ast.expr], scope: Scope, path: str, depth: int
    ) -> Iterator[LayerRow]:
        carriers = {parameter}
        has_begun = False
        for statement in module_statements(forward.body):
            begun_here = False
            for call in _calls_in_order(statement):
                if not has_begun and not _mentions(call, carriers):
                    continue
                rows = list(self._of_call(call, members, scope, path, depth))
                yield from rows
                has_begun = begun_here = has_begun or bool(rows)
            if not begun_here and isinstance(statement, ast.Assign) and _mentions(statement.value, carriers):
                carriers |= {node.id for t in statement.targets for node in ast.walk(t) if isinstance(node, ast.Name)}

    def _of_call(
        self, call: ast.Call, members: dict[str, ast.expr], scope: Scope, path: str, depth: int
    ) -> Iterator[LayerRow]:
        match call.func:
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in members:
                inner = f"{path}.{name}" if path else name
                yield from self._of_expression(members[name], scope, inner, depth + 1, None)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id="self"), attr=name), slice=place) if (
                name in members
            ):
                index = scope.integer(place)
                inner = f"{path}.{name}" if path else name
                yield from self._of_expression(members[name], scope, inner, depth + 1, None, index)
            case ast.Attribute(attr="mean"):
                yield LayerRow(path="", type_name="GlobalPool")
            case _:
                function = (self._names.resolve(call.func) or "").rpartition(".")[2]
                if function in _FUNCTIONAL:
                    kind, _ = _FUNCTIONAL[function]
                    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                    yield self._layer(kind, call.args[1:], keywords, scope, "")

    def _of_expression(
        self, expression: ast.expr, scope: Scope, path: str, depth: int, parameter: str | None, index: int | None = None
    ) -> Iterator[LayerRow]:
        if depth > _DEEPEST:
            return
        match expression:
            case ast.Name(id=name) if name in scope.values:
                yield from self._of_expression(scope.values[name], scope, path, depth + 1, parameter, index)
            case ast.IfExp(body=body):
                yield from self._of_expression(body, scope, path, depth + 1, parameter, index)
            case ast.List(elts=members) | ast.Tuple(elts=members):
                yield from self._of_members(members, scope, path, depth, index)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                yield from self._of_expression(element, scope, f"{path}.0", depth + 1, None)
            case ast.Call(func=ast.Attribute(value=ast.Call() as inner)):
                yield from self._of_expression(inner, scope, path, depth + 1, parameter, index)  # Net().eval()
            case ast.Call(func=func, args=args, keywords=keywords):
                named = {keyword.arg: keyword.value for keyword in keywords if keyword.arg}
                yield from self._of_constructor(
                    self._names.resolve(func) or "", args, named, scope, path, depth, parameter, index
                )

    def _of_constructor(
        self,
        full: str,
        args: list[ast.expr],
        named: dict[str, ast.expr],
        scope: Scope,
        path: str,
        depth: int,
        parameter: str | None,
        index: int | None,
    ) -> Iterator[LayerRow]:
        kind = full.rpartition(".")[2]
        if full in self._classes.by_name:
            init = self._classes.function(full, "__init__")
            names = [argument.arg for argument in init.args.args[1:]] if init else []
            given = {**dict(zip(names, args, strict=False)), **named}
            # The caller's names mean nothing inside: numbers go in as numbers.
            bound = {
                name: _literal(number) for name, value in given.items() if (number := scope.number(value)) is not None
            }
            yield from self._of_class(full, bound, parameter, path, "forward", depth + 1)
        elif kind in _POSITIONAL and full.startswith("torch."):
            yield self._layer(kind, args, named, scope, path)
        elif full in self._values.functions:
            function = self._values.functions[full]
            names = [argument.arg for argument in function.args.args]
            given = {**_defaults(function), **dict(zip(names, args, strict=False)), **named}
            bound = {
                name: _literal(number) for name, value in given.items() if (number := scope.number(value)) is not None
            }
            inner = self._scope.inner({**bound, **dict(assignments(function.body))})
            for value in returned_values(function):
                yield from self._of_expression(value, inner, path, depth + 1, parameter)
                break
        elif full.startswith(("torch.", "collections.")):
            # Sequential, ModuleList, OrderedDict, TransformerEncoder, weight_norm: what is inside comes in order.
            yield from self._of_members(args, scope, path, depth, index)

    def _of_members(
        self, members: list[ast.expr], scope: Scope, path: str, depth: int, index: int | None
    ) -> Iterator[LayerRow]:
        for number, member in enumerate(members):
            if index is not None and index % max(len(members), 1) != number and len(members) > 1:
                continue
            value = member.value if isinstance(member, ast.Starred) else member
            match value:
                case ast.Tuple(elts=[ast.Constant(value=str() as key), inner]):
                    yield from self._of_expression(inner, scope, f"{path}.{key}" if path else key, depth + 1, None)
                case ast.List() | ast.Tuple():
                    yield from self._of_expression(value, scope, path, depth + 1, None, index)
                case _:
                    inside = f"{path}.{number}" if path else str(number)
                    yield from self._of_expression(value, scope, inside, depth + 1, None)

    def _layer(self, kind: str, args: list[ast.expr], named: dict[str, ast.expr], scope: Scope, path: str) -> LayerRow:
        given = {**dict(zip(_POSITIONAL[kind], args, strict=False)), **named}
        attributes: dict[str, Value] = {}
        for name, expression in given.items():
            if name in LAYER_ATTRIBUTES and (value := self._attribute(expression, scope)) is not None:
                attributes[name] = value
        return LayerRow(path=path, type_name=kind, attributes=attributes)

    def _attribute(self, expression: ast.expr, scope: Scope) -> Value:
        match expression:
            case ast.Constant(value=bool() | str() as value):
                return value
            case ast.Tuple() | ast.List():
                return scope.sizes(expression)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if f"self.{name}" in scope.values:
                return scope.integer(scope.values[f"self.{name}"])
        return scope.integer(expression)


def _members(init: Function) -> Iterator[tuple[str, ast.expr]]:
    for statement in module_statements(init.body):
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                        yield target.attr, value
            case ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.expr() as value):
                yield name, value


def _defaults(function: Function) -> dict[str, ast.expr]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    found = {argument.arg: default for argument, default in zip(with_default, arguments.defaults, strict=True)}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            found[argument.arg] = default
    return found


def _not_given(values: dict[str, ast.expr], given: dict[str, ast.expr]) -> dict[str, ast.expr]:
    return {name: value for name, value in values.items() if name not in given}


def _literal(value: Any) -> ast.expr:
    if isinstance(value, list | tuple):
        return ast.Tuple(elts=[_literal(member) for member in value], ctx=ast.Load())
    return ast.Constant(value=value)


def _calls_in_order(statement: ast.stmt) -> list[ast.Call]:
    """Return the calls of a statement in the order in which they run; those of its own block are left out."""
    found: list[ast.Call] = []
    waiting: list[tuple[ast.AST, bool]] = [
        (child, False) for child in reversed(list(ast.iter_child_nodes(statement))) if isinstance(child, ast.expr)
    ]
    while waiting:
        node, is_left = waiting.pop()
        if is_left:
            assert isinstance(node, ast.Call)
            found.append(node)
            continue
        if isinstance(node, ast.Call):
            waiting.append((node, True))
        waiting += [(child, False) for child in reversed(list(ast.iter_child_nodes(node)))]
    return found


def _mentions(expression: ast.expr, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(expression))
