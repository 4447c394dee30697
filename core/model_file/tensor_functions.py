"""Whether a function computes on tensors, judged by its signature and body."""

import ast
import re
from enum import Enum

from .classes import decorator_names
from .names import Names, module_statements
from .signatures import Function
from .values import annotation_names, returned_values

_SCALARS = {"bool", "bytes", "float", "int", "str", "complex", "None", "Path", "PathLike", "Namespace", "Logger"}
_WRAPPERS = {
    "Optional", "Union", "List", "list", "Tuple", "tuple", "Sequence", "Iterable", "Dict", "dict", "Mapping", "Literal",
    "Final", "Annotated", "set", "frozenset", "Set",
}  # fmt: skip
_TENSOR_WORD = re.compile(r"Tensor|^(Float|Int|Num|Shaped|Inexact|UInt|Integer|Real|Complex|Bool)\d*$|ndarray|Array")
_NOT_A_TENSOR_NAME = re.compile(
    r"^(args?|argv|cfg|config|configs|checkpoint|ckpt|criterion|data_?loader|dataset|device|epochs?|file|file_?name|"
    r"folder|fn|func|function|kwargs|layer|loader|logger|model|models|module|modules|n|name|names|net|opt|optimizer|"
    r"options|params|path|paths|root|scheduler|seed|self|cls|state_dict|string|text|tokenizer|train_loader|trainer|"
    r"url|values|verbose|writer)$"
)
_NOT_AN_ENTRY = {
    "main", "get_inputs", "get_input", "example_inputs", "example_input", "get_example_inputs", "make_inputs",
    "sample_inputs", "dummy_inputs", "parse_args", "count_parameters", "collate_fn", "train", "test", "evaluate",
}  # fmt: skip
_DECORATORS_OF_OTHERS = {
    "abstractmethod", "cached_property", "classmethod", "contextmanager", "fixture", "overload", "property", "setter",
    "staticmethod", "command", "register_fake", "singledispatch", "unused", "ignore",
}  # fmt: skip


class _Verdict(Enum):
    TENSOR = 1
    UNKNOWN = 2
    OTHER = 3


def looks_like_a_tensor_function(function: Function, names: Names, *, is_method: bool) -> bool:
    """Whether a function takes tensors and returns some: by its annotations, else by its parameters' names."""
    if isinstance(function, ast.AsyncFunctionDef) or function.name in _NOT_AN_ENTRY:
        return False
    if not _DECORATORS_OF_OTHERS.isdisjoint(decorator_names(function)) or function.name.startswith("test_"):
        return False
    arguments = [*function.args.posonlyargs, *function.args.args][1 if is_method else 0 :]
    arguments += function.args.kwonlyargs
    if function.args.vararg:
        arguments.append(function.args.vararg)
    if not arguments or not _returns_a_value(function):
        return False
    result = _verdict(function.returns, names)
    verdicts = [_verdict(argument.annotation, names) for argument in arguments]
    if result is _Verdict.OTHER:
        return False
    if _Verdict.TENSOR in verdicts:
        return True
    if _Verdict.UNKNOWN not in verdicts:
        # Numbers in, a tensor out: a table or a schedule, and nothing that an app could feed.
        return is_method and result is _Verdict.TENSOR
    first = arguments[0]
    return verdicts[0] is not _Verdict.OTHER and (is_method or not _NOT_A_TENSOR_NAME.match(first.arg))


def _returns_a_value(function: Function) -> bool:
    for statement in module_statements(function.body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield | ast.YieldFrom):
            return False
    return any(not (isinstance(v, ast.Constant) and v.value is None) for v in returned_values(function))


def _verdict(annotation: ast.expr | None, names: Names) -> _Verdict:
    if annotation is None:
        return _Verdict.UNKNOWN
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return _Verdict.OTHER
    found = {(names.resolve(name) or "").rpartition(".")[2] for name in annotation_names(annotation)}
    if any(_TENSOR_WORD.search(name) for name in found):
        return _Verdict.TENSOR
    if found & _SCALARS and found <= _SCALARS | _WRAPPERS:
        return _Verdict.OTHER
    return _Verdict.OTHER if found & {"Module", "Callable", "Literal"} else _Verdict.UNKNOWN
