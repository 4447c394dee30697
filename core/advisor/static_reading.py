"""The user's code read at a line: what a statement there does, and which numbers it mentions. Nothing of it runs."""

import ast
import functools
import linecache
from collections.abc import Iterator

_CHANGING = {
    "append",
    "extend",
    "insert",
    "pop",
    "popleft",
    "appendleft",
    "remove",
    "clear",
    "update",
    "setdefault",
    "add",
}
"""Methods that change a list, a dict, a set or a deque; those of tensors end with an underscore."""
_REPORTS = {"print", "warn", "warning", "info", "debug", "error", "log", "critical", "exception", "write"}


@functools.lru_cache(maxsize=64)
def _tree(file: str, text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def tree_of(file: str | None) -> ast.Module | None:
    """Return the syntax tree of a file; None where there is none."""
    if not file:
        return None
    return _tree(file, "".join(linecache.getlines(file)))


def statements_at(file: str | None, line: int | None) -> list[ast.stmt]:
    """Return the statements that contain a line, the innermost first."""
    tree = tree_of(file)
    if tree is None or line is None:
        return []
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return sorted(found, key=lambda node: ((node.end_lineno or node.lineno) - node.lineno, -node.lineno))


def function_at(file: str | None, line: int | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the innermost function around a line."""
    for node in statements_at(file, line):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node
    return None


def only_reports(file: str | None, line: int | None) -> str | None:
    """Say why a value used at a line cannot reach the output; None where it may.

    An assertion, a print or a warning, and an ``if`` whose branch only raises or prints, leave the output as it is:
    a trace drops them.
    """
    statements = statements_at(file, line)
    if not statements or line is None:
        return None
    statement = statements[0]
    if isinstance(statement, ast.Assert):
        return "it is an assertion, which a trace leaves out"
    if isinstance(statement, ast.Expr) and _is_report(statement):
        return "it is only printed or logged"
    if isinstance(statement, ast.Raise):
        return "it is only part of an error message"
    for node in statements:
        if isinstance(node, ast.If) and _spans(node.test, line):
            if not node.orelse and all(map(_is_report_or_raise, node.body)):
                raises = any(isinstance(part, ast.Raise) for part in node.body)
                what = "raises an error" if raises else "prints"
                return f"the branch only {what}, which a trace leaves out"
            return None
    names = _names_bound(statement)
    function = function_at(file, line)
    if names and function is not None and _only_reported(function, names, statement):
        return "it is only printed, logged or checked"
    return None


def line_of_change(file: str | None, class_name: str, attribute: str) -> int | None:
    """Return the first line outside of ``__init__`` at which a class writes to ``self.attribute``, or into it."""
    tree = tree_of(file)
    if tree is None:
        return None
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == class_name]
    functions = [part for node in classes for part in node.body if isinstance(part, ast.FunctionDef)]
    lines = [
        node.lineno
        for function in functions
        if function.name != "__init__"
        for node in ast.walk(function)
        if isinstance(node, ast.stmt | ast.expr) and any(_is_own(target, attribute) for target in _written(node))
    ]
    return min(lines, default=None)


def _written(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            return [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return [target]
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name.endswith("_") or name in _CHANGING:
            return [value]
    return []


def _is_own(target: ast.expr, attribute: str) -> bool:
    while isinstance(target, ast.Subscript | ast.Call):
        target = target.value if isinstance(target, ast.Subscript) else target.func
        if isinstance(target, ast.Attribute) and target.attr != attribute:
            target = target.value
    match target:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name == attribute
    return False


def is_compared(file: str | None, line: int | None) -> bool:
    """Whether a value that is made at a line may decide something: a test, a loop, an index, or another function."""
    statements = statements_at(file, line)
    function = function_at(file, line)
    if not statements or function is None:
        return True
    statement = statements[0]
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) or _decides(statement):
        return not isinstance(statement, ast.Expr)
    names = _names_bound(statement)
    if not names:
        return False
    tainted = _tainted(function, names)
    return any(
        _mentions(node, tainted)
        for node in ast.walk(function)
        if isinstance(node, ast.Compare | ast.IfExp | ast.Subscript | ast.BoolOp)
        or (isinstance(node, ast.Call) and _name(node.func) in ("range", "min", "max", "round", "int", "bool", "floor"))
    ) or any(_mentions(node.test, tainted) for node in ast.walk(function) if isinstance(node, ast.If | ast.While))


def numbers_near(file: str | None, line: int | None, *, most: int = 16) -> list[float]:
    """Return the numbers that the function around a line mentions, those of the nearest lines first, and 0."""
    function = function_at(file, line)
    if function is None or line is None:
        return [0.0]
    found: list[tuple[int, float]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            found.append((abs(node.lineno - line), float(node.value)))
        elif (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
            and isinstance(node.operand.value, int | float)
        ):
            found.append((abs(node.lineno - line), -float(node.operand.value)))
    ordered = [number for _, number in sorted(found, key=lambda row: row[0])]
    return list(dict.fromkeys([*ordered[:most], 0.0]))


def attributes_near(file: str | None, line: int | None) -> list[str]:
    """Return the names of attributes of ``self`` that the function around a line reads."""
    function = function_at(file, line)
    if function is None:
        return []
    return sorted(
        {
            node.attr
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        }
    )


def sizes_mentioned(file: str | None) -> list[int]:
    """Return the whole numbers from 2 to 4,096 that a file mentions: thresholds on sizes are among them."""
    tree = tree_of(file)
    if tree is None:
        return []
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int)
        and not isinstance(node.value, bool)
        and 2 <= node.value <= 4096
    }
    return sorted(found)[:12]


def source_line(file: str | None, line: int | None) -> str | None:
    """Return the stripped text of a line."""
    return (linecache.getline(file, line).strip() or None) if file and line else None


def _is_report(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    if isinstance(statement.value, ast.Constant):
        return True
    return isinstance(statement.value, ast.Call) and _name(statement.value.func) in _REPORTS


def _is_report_or_raise(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise | ast.Assert) or _is_report(statement)


def _only_reported(function: ast.AST, names: set[str], origin: ast.stmt) -> bool:
    """Whether every statement that reads one of the names only reports."""
    for node in _simple_statements(function):
        if node is origin:
            continue
        if isinstance(node, ast.If):
            if _mentions(node.test, names) and (node.orelse or not all(map(_is_report_or_raise, node.body))):
                return False
        elif isinstance(node, ast.While | ast.For | ast.With):
            head = node.test if isinstance(node, ast.While) else node.iter if isinstance(node, ast.For) else node
            if _mentions(head, names):
                return False
        elif _mentions(node, names) and not _is_report_or_raise(node):
            return False
    return True


def _simple_statements(function: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def _tainted(function: ast.AST, names: set[str]) -> set[str]:
    tainted = set(names)
    for _ in range(4):
        before = len(tainted)
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or node.value is None:
                continue
            if _mentions(node.value, tainted):
                tainted |= _names_bound(node)
        if len(tainted) == before:
            break
    return tainted


def _decides(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
    value = statement.value
    return value is not None and any(
        isinstance(node, ast.Compare | ast.IfExp | ast.Subscript | ast.BoolOp | ast.ListComp | ast.GeneratorExp)
        or (isinstance(node, ast.Call) and _name(node.func) in ("range", "round", "bool"))
        for node in ast.walk(value)
    )


def _names_bound(statement: ast.stmt) -> set[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return {
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _spans(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
