"""Python that TorchScript does not have at all, by the shape of the statement, and what to write instead."""

import ast
from collections.abc import Iterator

_CALLS = {
    "set": ("a set", "Keep a list, and ask: if value not in seen: seen.append(value)."),
    "frozenset": ("a set", "Keep a list, and ask: if value not in seen: seen.append(value)."),
    "type": ("type(…)", "Write isinstance(x, Tensor) instead of type(x) is Tensor."),
    "super": ("super()", "Put what the parent class does into a method of another name, and call that: self.base(x)."),
    "getattr": ("getattr with a computed name", "Write the name out: self.block instead of getattr(self, name)."),
}
_METHODS = {
    "tolist": "Give the list a type where it is made: values: List[float] = x.tolist().",
    "new_tensor": "Write torch.tensor([...]) instead of x.new_tensor([...]), or make it a buffer in __init__.",
    "new_zeros": "Write torch.zeros(sizes) instead of x.new_zeros(sizes).",
    "finfo": "Write the number, or read it in __init__: self.lowest = torch.finfo(torch.float32).min.",
    "iinfo": "Write the number, or read it in __init__: self.highest = torch.iinfo(torch.int64).max.",
    "prod": "Write the factors out, x.shape[0] * x.shape[1], or use x.numel().",
    "autocast": "Take the autocast block out of forward; x.to(torch.float16) converts to the wanted type.",
    "checkpoint": "Call the module itself: checkpointing saves memory in training and is not exported.",
}


def unscriptable(statement: ast.stmt, reason: str) -> tuple[int, str, str] | None:
    """Return line, construct and remedy for the first such construct in a statement; None where there is none."""
    if "called recursively" in reason:
        return (
            statement.lineno,
            "a function that calls itself",
            "Write it as a loop over a list of what is still to be done.",
        )
    if "Can not iterate over a module list" in reason:
        return (
            statement.lineno,
            "a list of modules in zip with another list",
            "Count along instead: for i, layer in enumerate(self.layers): key = keys[i].",
        )
    for node in _own_nodes(statement):
        found = _of_node(node, reason)
        if found is not None:
            return (getattr(node, "lineno", statement.lineno), *found)
    return None


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Walk a statement; of one with a body only its head, since a statement in the body has a line of its own."""
    if isinstance(statement, ast.If | ast.While):
        yield statement
        yield from ast.walk(statement.test)
    elif isinstance(statement, ast.For):
        yield statement
        yield from ast.walk(statement.iter)
    elif isinstance(statement, ast.With):
        yield statement
        for item in statement.items:
            yield from ast.walk(item)
    elif isinstance(statement, ast.FunctionDef):
        yield statement
    else:
        yield from ast.walk(statement)


def _of_node(node: ast.AST, reason: str) -> tuple[str, str] | None:
    match node:
        case ast.Import() | ast.ImportFrom():
            return "an import inside of a function", (
                "Import at the top of the file. What is imported must be something that a script knows: torch, math, "
                "or a function of yours; logging, warnings and time belong out of forward, and torch.rand(1) draws."
            )
        case ast.Set() | ast.SetComp():
            return _CALLS["set"]
        case ast.NamedExpr():
            return "an assignment inside of an expression (:=)", "Assign in a line of its own, before."
        case ast.Match():
            return "match", "Write it with if, elif and else."
        case ast.FunctionDef(name=name) if "function definitions" in reason:
            return "a function inside of a function", f"Move {name} to the top of the file, with annotated arguments."
        case ast.Assign(targets=[ast.Tuple(elts=members)]) if any(isinstance(m, ast.Starred) for m in members):
            return "a list taken apart with *", "Take its members by index: first = parts[0]; rest = parts[1:]."
        case ast.Delete():
            return "del of an attribute", "Leave it out: attributes of a script stay."
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            return _CALLS[name]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr=name)):
            return f"random.{name}", "Draw with torch: float(torch.rand(1)), torch.randint(0, n, (1,))."
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="random"), attr=name)):
            return f"numpy.random.{name}", "Draw with torch: float(torch.rand(1)), torch.randint(0, n, (1,))."
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)) if name in _METHODS:
            return f"{name}(…)", _METHODS[name]
    return None
