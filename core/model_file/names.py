"""What the names of a model file stand for, as far as its imports and assignments tell."""

import ast
from collections.abc import Iterator, Sequence


def module_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that an import would run, in order, those inside ``if``, ``try`` and ``with`` included.

    Both branches of a condition are yielded; the block under ``if __name__ == "__main__"`` is not.
    """
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner: list[ast.stmt] = []
        if not is_main_guard(statement):
            inner += getattr(statement, "body", [])
        for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            inner += part.body
        inner += getattr(statement, "orelse", [])
        inner += getattr(statement, "finalbody", [])
        waiting += reversed(inner)


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether this is ``if __name__ == "__main__":``, either way round."""
    if not (isinstance(statement, ast.If) and isinstance(statement.test, ast.Compare)):
        return False
    test = statement.test
    if len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    has_name = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return has_name and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def dotted(expression: ast.expr) -> tuple[str, ...] | None:
    """Return ``("torch", "nn", "Module")`` for ``torch.nn.Module``, None for anything that is not plain names."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return None
    return (expression.id, *reversed(parts))


class Names:
    """Full names of what a file imports or gives another name: ``nn.Module`` is ``torch.nn.Module``.

    Names that the file itself defines resolve to themselves.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._full: dict[str, str] = {}
        self._stars: list[str] = []
        self._defined: set[str] = set()
        for statement in module_statements(tree.body):
            self._learn(statement)

    def _learn(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import(names=names):
                for alias in names:
                    root = alias.name.partition(".")[0]
                    self._full[alias.asname or root] = alias.name if alias.asname else root
            case ast.ImportFrom(module=module, names=names, level=level):
                origin = "." * level + (module or "")
                for alias in names:
                    if alias.name == "*":
                        self._stars.append(origin)
                    else:
                        separator = "" if origin.endswith(".") else "."
                        self._full[alias.asname or alias.name] = f"{origin}{separator}{alias.name}"
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self._defined.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute() as value):
                full = self.resolve(value)
                if full is not None and full != name:
                    # After try: from timm import X, except: X = object, the import says more.
                    self._full.setdefault(name, full)

    def resolve(self, expression: ast.expr) -> str | None:
        """Return the full dotted name of an expression such as ``nn.Module`` or ``Base[int]``, None where it has none.

        A name that is neither imported nor defined here is looked for in the file's star imports.
        """
        while isinstance(expression, ast.Subscript):
            expression = expression.value
        parts = dotted(expression)
        if parts is None:
            return None
        first, *rest = parts
        if first in self._full and first not in self._defined:
            first = self._full[first]
        elif first not in self._defined and self._stars and not rest:
            # torch.nn's classes are capitalised, so a star import of it explains such a name best.
            is_class = first[:1].isupper()
            star = next((star for star in self._stars if star == "torch.nn" and is_class), self._stars[0])
            first = f"{star}.{first}"
        return ".".join((first, *rest))

    def is_imported(self, full_name: str) -> bool:
        """Whether a full name comes from an import rather than from this file."""
        return "." in full_name and full_name.partition(".")[0] not in self._defined
